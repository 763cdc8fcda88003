import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fastestRate } from '../../src/usb/parse-bos.js';

/** A BOS descriptor with these capabilities behind its header. */
function bos(...capabilities: number[][]): Buffer {
  const body = capabilities.flat();
  return Buffer.from([5, 0x0f, 5 + body.length, 0, capabilities.length, ...body]);
}

const USB2_EXTENSION = [7, 0x10, 0x02, 0x06, 0, 0, 0];
const superSpeed = (supported: number) => [10, 0x10, 0x03, 0, supported, 0, 1, 1, 0, 0];
/** With sublink speed attributes: Gbit/s each. */
const superSpeedPlus = (...rates: number[]) => [
  12 + 4 * rates.length,
  ...[0x10, 0x0a, 0, rates.length - 1, 0, 0, 0, 0, 0, 0, 0],
  ...rates.flatMap((rate) => [0x30, 0x40, rate, 0]),
];

it.each([
  ['nothing', [], undefined],
  ['an extension of USB 2', [USB2_EXTENSION], undefined],
  ['SuperSpeed', [USB2_EXTENSION, superSpeed(0b1110)], 5000],
  ['high speed at the most', [superSpeed(0b0110)], 480],
  ['SuperSpeedPlus', [superSpeed(0b1110), superSpeedPlus(5, 5, 10, 10)], 10000],
  ['a capability without a length', [[0, 0x10, 0x03], superSpeed(0b1110)], undefined],
  ['one that is cut short', [superSpeed(0b1110).slice(0, 6)], undefined],
  ['another descriptor', [[10, 0x05, 0x03, 0, 0b1110, 0, 0, 0, 0, 0]], undefined],
])('a device that tells of %s', (_, capabilities, rate) => {
  expect(fastestRate(bos(...capabilities))).toBe(rate);
});

it('takes as many sublinks as are counted', () => {
  const capability = superSpeedPlus(5, 20);
  capability[4] = 0;
  expect(fastestRate(bos(capability))).toBe(5000);
});

it('bears anything', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    const rate = fastestRate(Buffer.from([5, 0x0f, ...bytes]));
    expect(rate === undefined || rate >= 0).toBe(true);
  });
  fc.assert(property);
});
