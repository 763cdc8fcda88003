import { expect, it } from 'vitest';
import { formatServerAddress, parseServerAddress } from '../../../src/usb/server-address.js';

it.each([
  ['pi.local', 'pi.local', 3240],
  ['pi:3241', 'pi', 3241],
  ['127.0.0.1', '127.0.0.1', 3240],
  ['10.0.0.7:65535', '10.0.0.7', 65_535],
  ['[::1]', '::1', 3240],
  ['[fe80::1%eth0]:3241', 'fe80::1%eth0', 3241],
  ['::1', '::1', 3240],
  ['fe80::1%eth0', 'fe80::1%eth0', 3240],
  ['host:0', 'host', 0],
])('%s', (text, host, port) => {
  expect(parseServerAddress(text)).toEqual({ host, port });
  expect(parseServerAddress(formatServerAddress({ host, port }))).toEqual({ host, port });
});

it.each([
  '',
  ':3240',
  'host:',
  'host:65536',
  'host:x',
  'a b',
  '[::1',
  'http://host',
  'host:1:2',
  '[x]',
])('refuses %j', (text) => {
  expect(parseServerAddress(text)).toBeUndefined();
});
