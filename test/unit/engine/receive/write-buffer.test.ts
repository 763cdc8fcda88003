import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WriteBuffer } from '../../../../src/engine/receive/write-buffer.js';
import { counterBytes } from '../../../support/counter-stream.js';

const KIB = 1024;

/** Fills a buffer of the backlog with the counter stream's bytes at a position, and adds it. */
function add(backlog: WriteBuffer, position: number, length: number): boolean {
  const buffer = backlog.hasRoom(length) ? backlog.buffers.take() : undefined;
  if (buffer === undefined) {
    return false;
  }
  counterBytes(position, length).copy(buffer);
  backlog.add(buffer, length);
  return true;
}

/** Adds transfers until nothing goes in any more; returns how many did. */
function fill(backlog: WriteBuffer, length: number): number {
  let added = 0;
  while (add(backlog, added * length, length)) {
    added += 1;
  }
  return added;
}

describe('Backlog', () => {
  it.each([
    ['512 B', 512, 64 * KIB, 16],
    ['4 KiB', 4 * KIB, 64 * KIB, 16],
    ['32 KiB', 32 * KIB, 32 * KIB, 32],
    ['256 KiB', 256 * KIB, 256 * KIB, 4],
    ['1 MiB', 1024 * KIB, 1024 * KIB, 1],
  ])('lends transfers of %s in large pieces', (_, transferSize, pieceSize, pieces) => {
    const backlog = new WriteBuffer(4, transferSize, 4 * 1024 * KIB);
    fill(backlog, transferSize);
    const lengths = backlog.acquire(1024 * KIB).map(({ length }) => length);
    expect(lengths).toEqual(new Array(pieces).fill(pieceSize));
    backlog.release();
    expect(backlog.acquire(1).map(({ length }) => length)).toEqual([pieceSize]);
  });

  it.each([
    ['small transfers', 512, 512, 1024 * KIB],
    ['large transfers', 256 * KIB, 256 * KIB, 1024 * KIB],
    ['small transfers that do not fill a chunk', 13 * KIB, 13 * KIB, 1024 * KIB],
    ['large transfers that bring little', 256 * KIB, 512, 1024 * KIB],
    ['large transfers that bring some', 256 * KIB, 20 * KIB, 1024 * KIB],
  ])('has room for its capacity in %s', (_, transferSize, length, capacity) => {
    const backlog = new WriteBuffer(4, transferSize, capacity);
    const most = capacity + 64 * KIB + 8 * transferSize;
    const bytes = fill(backlog, length) * length;
    expect(bytes).toBeGreaterThanOrEqual(capacity);
    expect(bytes).toBeLessThanOrEqual(most);
  });

  it('has room again for as much as was written', () => {
    const backlog = new WriteBuffer(1, 256 * KIB, 512 * KIB);
    expect(fill(backlog, 256 * KIB)).toBe(3);
    expect(backlog.acquire(1)).toHaveLength(1);
    backlog.release();
    expect(fill(backlog, 256 * KIB)).toBe(1);
  });

  it('holds no more than one chunk to fill and one to write, with the least capacity', () => {
    const backlog = new WriteBuffer(1, 512, 1);
    expect(fill(backlog, 512)).toBe((2 * 64 * KIB) / 512);
  });

  it('lends what was added, in order, whatever the sizes, and drops the rest', () => {
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
          const backlog = new WriteBuffer(depth, transferSize, capacity);
          let added = 0;
          let written = 0;
          let lent: readonly Buffer[] = [];
          for (const step of steps) {
            if ('add' in step) {
              const length = Math.max(1, Math.floor((step.add / 1000) * transferSize));
              added += add(backlog, added, length) ? length : 0;
            } else {
              for (const piece of lent) {
                expect(piece.equals(counterBytes(written, piece.length))).toBe(true);
                written += piece.length;
              }
              backlog.release();
              lent = backlog.acquire(step.most);
            }
          }
          const atTheSink = lent.reduce((sum, { length }) => sum + length, 0);
          expect(written + atTheSink + backlog.clear()).toBe(added);
        },
      ),
    );
  });
});
