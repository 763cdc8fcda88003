import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../../../../src/backends/simulation/bus/transfer-queue.js';
import { counterByte, fillCounter } from '../../../../../src/backends/virtual/gadgets/counter.js';

describe('the counter', () => {
  it.each([
    [0, '00000000010000000200'],
    [1, '00000001000000020000'],
    [4 * 0x01020304, '04030201050302010603'],
    [4 * 0xffff_ffff, 'ffffffff000000000100'],
    [4 * 2 ** 32 + 4, '01000000020000000300'],
    [4 * 0x7fff_ffff + 2, 'ff7f0000008001000080'],
  ])('at offset %i is %s', (offset, hex) => {
    const bytes = Buffer.alloc(10);
    fillCounter(bytes, wordsOf(bytes), 0, 10, offset);
    expect(bytes.toString('hex')).toBe(hex);
  });

  it('does not depend on the alignment of the memory', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 7 }),
        fc.nat({ max: 50 }),
        fc.nat({ max: 50 }),
        fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 2 ** 34 - 60, max: 2 ** 34 + 60 })),
        (byteOffset, start, length, offset) => {
          const bytes = Buffer.from(new ArrayBuffer(128), byteOffset, 120).fill(0xee);
          fillCounter(bytes, wordsOf(bytes), start, start + length, offset);
          const expected = Buffer.alloc(120, 0xee);
          for (let i = 0; i < length; i++) {
            expected[start + i] = counterByte(offset + i) & 0xff;
          }
          expect(bytes).toEqual(expected);
        },
      ),
    );
  });
});
