import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteReader } from '../../../../../src/backends/usbip/protocol/byte-reader.js';

/** Reads parts of these lengths one after the other, and collects them. */
function collect(reader: ByteReader, lengths: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  const next = (): void => {
    const length = lengths[parts.length];
    if (length !== undefined) {
      const buffer = Buffer.alloc(length);
      reader.read(buffer, length, () => {
        parts.push(buffer);
        next();
      });
    }
  };
  next();
  return parts;
}

it('distributes bytes however they are cut, copied or read in place', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(sizes, sizes, fc.boolean(), (lengths, cuts, inPlace) => {
      const total = lengths.reduce((sum, length) => sum + length, 0);
      const sent = Buffer.from(Array.from({ length: total }, (_, index) => index % 251));
      const reader = new ByteReader();
      const parts = collect(reader, lengths);
      for (let at = 0, turn = 0; at < total; turn++) {
        const size = Math.min(cuts[turn % cuts.length] ?? 1, total - at);
        const { destination } = reader;
        if (inPlace && destination !== undefined && turn % 2 === 1) {
          const read = sent.copy(destination, 0, at, at + size);
          reader.advance(read);
          at += read;
        } else {
          expect(reader.push(sent.subarray(at, at + size), size)).toBe(size);
          at += size;
        }
      }
      expect(parts.map(({ length }) => length)).toEqual(lengths);
      expect(Buffer.concat(parts).equals(sent)).toBe(true);
    }),
  );
});

it('accepts no byte without a destination', () => {
  const reader = new ByteReader();
  expect([reader.push(Buffer.alloc(3), 3), reader.missing]).toEqual([0, 0]);
  reader.read(Buffer.alloc(2), 2, () => {});
  expect([reader.push(Buffer.alloc(1), 1), reader.missing]).toEqual([1, 1]);
  expect([reader.push(Buffer.alloc(3), 3), reader.destination]).toEqual([1, undefined]);
});

it('forgets its destination when it is stopped', () => {
  const reader = new ByteReader();
  const buffer = Buffer.alloc(4);
  reader.read(buffer, 4, () => expect.unreachable());
  reader.push(Buffer.from([1, 2]), 2);
  reader.stop();
  expect(reader.push(Buffer.from([3, 4]), 2)).toBe(0);
  expect([...buffer]).toEqual([1, 2, 0, 0]);
});
