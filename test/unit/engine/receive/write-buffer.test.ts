import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WriteBuffer } from '../../../../src/engine/receive/write-buffer.js';
import { counterBytes } from '../../../support/counter-stream.js';

const KIB = 1024;

/** Adds bytes of the counter stream, from a position on; returns whether there was room. */
function add(writeBuffer: WriteBuffer, position: number, length: number): boolean {
  const buffer = writeBuffer.hasRoom(length) ? writeBuffer.takeBuffer() : undefined;
  if (buffer === undefined) {
    return false;
  }
  counterBytes(position, length).copy(buffer);
  writeBuffer.add(buffer, length);
  return true;
}

/** Adds transfers until there is no room; returns how many. */
function fill(writeBuffer: WriteBuffer, length: number): number {
  let added = 0;
  while (add(writeBuffer, added * length, length)) {
    added += 1;
  }
  return added;
}

describe('WriteBuffer', () => {
  it.each([
    ['512 B', 512, 64 * KIB, 16],
    ['4 KiB', 4 * KIB, 64 * KIB, 16],
    ['32 KiB', 32 * KIB, 32 * KIB, 32],
    ['256 KiB', 256 * KIB, 256 * KIB, 4],
    ['1 MiB', 1024 * KIB, 1024 * KIB, 1],
  ])('hands out transfers of %s in large pieces', (_, transferSize, pieceSize, pieces) => {
    const writeBuffer = new WriteBuffer(4, transferSize, 4 * 1024 * KIB);
    fill(writeBuffer, transferSize);
    const lengths = writeBuffer.acquire(1024 * KIB).map(({ length }) => length);
    expect(lengths).toEqual(new Array(pieces).fill(pieceSize));
    writeBuffer.release();
    expect(writeBuffer.acquire(1).map(({ length }) => length)).toEqual([pieceSize]);
  });

  it.each([
    ['small transfers', 512, 512, 1024 * KIB],
    ['large transfers', 256 * KIB, 256 * KIB, 1024 * KIB],
    ['small transfers that do not fill a chunk', 13 * KIB, 13 * KIB, 1024 * KIB],
    ['large transfers that bring little', 256 * KIB, 512, 1024 * KIB],
    ['large transfers that bring some', 256 * KIB, 20 * KIB, 1024 * KIB],
  ])('has room for its capacity in %s', (_, transferSize, length, capacity) => {
    const writeBuffer = new WriteBuffer(4, transferSize, capacity);
    const most = capacity + 64 * KIB + 8 * transferSize;
    const bytes = fill(writeBuffer, length) * length;
    expect(bytes).toBeGreaterThanOrEqual(capacity);
    expect(bytes).toBeLessThanOrEqual(most);
  });

  it('has room again for what was written', () => {
    const writeBuffer = new WriteBuffer(1, 256 * KIB, 512 * KIB);
    expect(fill(writeBuffer, 256 * KIB)).toBe(3);
    expect(writeBuffer.acquire(1)).toHaveLength(1);
    writeBuffer.release();
    expect(fill(writeBuffer, 256 * KIB)).toBe(1);
  });

  it('holds only one chunk to fill and one to write at the smallest capacity', () => {
    const writeBuffer = new WriteBuffer(1, 512, 1);
    expect(fill(writeBuffer, 512)).toBe((2 * 64 * KIB) / 512);
  });

  it('hands out what was added in order, for any sizes, and clears the rest', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(512, 4096, 16_384, 100_000),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1, 100_000, 1_000_000),
        fc.array(
          fc.oneof(
            fc.record({ add: fc.integer({ min: 0, max: 1000 }) }),
            fc.record({ most: fc.constantFrom(1, 100_000, 1_000_000) }),
          ),
          { maxLength: 100 },
        ),
        (transferSize, depth, capacity, steps) => {
          const writeBuffer = new WriteBuffer(depth, transferSize, capacity);
          let added = 0;
          let written = 0;
          let acquired: readonly Buffer[] = [];
          for (const step of steps) {
            if ('add' in step) {
              const length = Math.max(1, Math.floor((step.add / 1000) * transferSize));
              added += add(writeBuffer, added, length) ? length : 0;
            } else {
              for (const piece of acquired) {
                expect(piece.equals(counterBytes(written, piece.length))).toBe(true);
                written += piece.length;
              }
              writeBuffer.release();
              acquired = writeBuffer.acquire(step.most);
            }
          }
          const atTheSink = acquired.reduce((sum, { length }) => sum + length, 0);
          expect(written + atTheSink + writeBuffer.clear()).toBe(added);
        },
      ),
    );
  });
});
