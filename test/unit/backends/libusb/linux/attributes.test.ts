import { expect, it } from 'vitest';
import {
  accessError,
  errorCode,
  readBytes,
  readLink,
  readNames,
  readNumber,
  readText,
} from '../../../../../src/backends/libusb/linux/attributes.js';
import { Folder } from '../../../../support/folder.js';

const folder = new Folder();

it('reads bytes, text without its last newline, names and links', () => {
  const file = folder.file('device/product', 'a\n\n');
  expect(readBytes(file)?.toString()).toBe('a\n\n');
  expect(readText(file)).toBe('a\n');
  expect(readNames(`${folder.path}/device`)).toEqual(['product']);
  expect(readLink(folder.link('driver', '../usbfs'))).toBe('../usbfs');
});

it.each([
  ['7\n', 7],
  ['1.5\n', 1.5],
  ['\n', undefined],
  ['unknown\n', undefined],
])('reads the number in %j as %s', (content, number) => {
  expect(readNumber(folder.file('number', content))).toBe(number);
});

it('returns undefined for what cannot be read', () => {
  for (const read of [readBytes, readText, readNumber, readNames, readLink]) {
    expect(read('/nowhere/file')).toBeUndefined();
  }
});

it('tells why a file may not be opened', () => {
  const file = folder.file('node', '');
  expect(accessError(file)).toBeUndefined();
  expect(accessError(`${file}/nothing`)).toBe('ENOTDIR');
  expect(errorCode(new Error('x'))).toBeUndefined();
});
