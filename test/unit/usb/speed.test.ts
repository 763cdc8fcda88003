import fc from 'fast-check';
import { expect, it } from 'vitest';
import { advertisedSpeed } from '../../../src/usb/speed.js';
import { bos } from '../../support/sysfs-tree.js';

it.each([
  ['USB 2.0 says nothing of it', 0x0200, undefined, undefined],
  ['USB 3 runs at SuperSpeed', 0x0300, undefined, 5000],
  [
    'USB 2.1 without SuperSpeed',
    0x0210,
    Buffer.from('050f0c0001' + '07100206000000', 'hex'),
    undefined,
  ],
  ['USB 2.1 that could do SuperSpeed', 0x0210, bos(), 5000],
  ['SuperSpeedPlus', 0x0310, bos(true), 10000],
  ['high speed alone', 0x0210, Buffer.from('050f0f0001' + '0a100300070001000000', 'hex'), 480],
  ['no capability', 0x0210, Buffer.from('050f0f0001' + '0a05030007000e000000', 'hex'), undefined],
  ['one cut short', 0x0210, Buffer.from('050f0b0001' + '06100300' + '0e00', 'hex'), undefined],
])('%s', (_, version, capabilities, speed) => {
  expect(advertisedSpeed(version, capabilities)).toBe(speed);
});

it('limits a count to the bytes that exist', () => {
  const short = Buffer.from(bos(true));
  short[19] = 0xff; // 32 sublinks
  expect(advertisedSpeed(0x0310, short)).toBe(10000);
});

it('survives any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(0xffff), (bytes, version) => {
      const speed = advertisedSpeed(version, bytes);
      expect(speed === undefined || speed >= 0).toBe(true);
    }),
  );
});
