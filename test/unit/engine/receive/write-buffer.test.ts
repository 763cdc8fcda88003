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
    writeBuffer.release(false);
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
    writeBuffer.release(false);
    expect(fill(writeBuffer, 256 * KIB)).toBe(1);
  });

  it('holds only one chunk to fill and one to write at the smallest capacity', () => {
    const writeBuffer = new WriteBuffer(1, 512, 1);
    expect(fill(writeBuffer, 512)).toBe((2 * 64 * KIB) / 512);
  });

  it('has a batch to write from 1 MiB on', () => {
    const writeBuffer = new WriteBuffer(1, 256 * KIB, 4096 * KIB);
    const full: boolean[] = [];
    for (let i = 0; i < 5; i += 1) {
      add(writeBuffer, 0, i < 4 ? 256 * KIB - 1 : 4);
      full.push(writeBuffer.hasBatch);
    }
    expect(full).toEqual([false, false, false, false, true]);
    writeBuffer.acquire(1);
    expect([writeBuffer.hasBatch, writeBuffer.isEmpty]).toEqual([false, false]);
  });

  /** Adds buffers with these numbers of bytes, and returns what is handed out. */
  function handedOut(transferSize: number, lengths: readonly number[]) {
    const writeBuffer = new WriteBuffer(lengths.length, transferSize, 4096 * KIB);
    const added = lengths.map(() => writeBuffer.takeBuffer() ?? Buffer.alloc(0));
    for (const [i, buffer] of added.entries()) {
      if (writeBuffer.hasRoom(lengths[i] ?? 0)) {
        writeBuffer.add(buffer, lengths[i] ?? 0);
      }
    }
    return { added, pieces: [...writeBuffer.acquire(Number.POSITIVE_INFINITY)] };
  }

  it.each([16 * KIB, 256 * KIB])('hands out full buffers of %d bytes themselves', (size) => {
    const { added, pieces } = handedOut(size, [size, size]);
    expect(pieces).toHaveLength(2);
    for (const [i, piece] of pieces.entries()) {
      expect(piece).toBe(added[i]);
    }
  });

  it.each([
    ['less than 16 KiB', 32, [20, 15], [20, 15]],
    ['less than 16 KiB', 32, [20, 10], [30]],
    ['less than 16 KiB', 64, [20, 15.5], [35.5]],
    ['16 KiB, more than a quarter,', 48, [20, 16], [20, 16]],
    ['a quarter', 256, [100, 64], [164]],
    ['more than a quarter', 256, [100, 65], [100, 65]],
    ['what fits exactly', 256, [192, 64], [256]],
    ['what does not fit', 256, [193, 64], [193, 64]],
    ['what fits after it', 256, [192, 60, 3, 1, 1], [256, 1]],
  ])('a transfer of %s in buffers of %d KiB is copied after the last one only if it fits', (_, size, lengths, pieces) => {
    const handed = handedOut(
      size * KIB,
      lengths.map((length) => Math.floor(length * KIB)),
    );
    expect(handed.pieces.map(({ length }) => length)).toEqual(
      pieces.map((length) => Math.floor(length * KIB)),
    );
  });

  it('hands out at most 1024 buffers at a time, the maximum of writev', () => {
    const lengths = new Array<number>(1030).fill(16 * KIB);
    expect(handedOut(16 * KIB, lengths).pieces).toHaveLength(1024);
  });

  it('continues to fill the last waiting buffer while those before it are written', () => {
    const writeBuffer = new WriteBuffer(4, 256 * KIB, 4096 * KIB);
    add(writeBuffer, 0, 256 * KIB);
    add(writeBuffer, 0, 100);
    expect(writeBuffer.acquire(1)).toHaveLength(1);
    add(writeBuffer, 0, 100);
    writeBuffer.release(false);
    expect(writeBuffer.acquire(1).map(({ length }) => length)).toEqual([200]);
  });

  it.each([
    512,
    256 * KIB,
  ])('has all of its room again after it was cleared, for transfers of %d bytes', (transferSize) => {
    const writeBuffer = new WriteBuffer(1, transferSize, 512 * KIB);
    const added = fill(writeBuffer, transferSize);
    expect(writeBuffer.clear()).toBe(added * transferSize);
    expect([writeBuffer.isEmpty, writeBuffer.clear()]).toEqual([true, 0]);
    expect(fill(writeBuffer, transferSize)).toBe(added);
  });

  // The device may write to a buffer at any time while its transfer is in flight.
  it('never mixes what waits or is written with what a transfer in flight receives', () => {
    const share = fc.oneof(
      fc.constant(1),
      fc.constant(0),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ do: 'take' } as const) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), share }) },
      fc.record({ do: fc.constant('scribble' as const), at: fc.nat() }),
      fc.record({ do: fc.constant('acquire' as const), most: fc.constantFrom(1, 20_000, 1e6) }),
      fc.record({ do: fc.constant('release' as const), keep: fc.boolean() }),
      { weight: 1, arbitrary: fc.constant({ do: 'clear' } as const) },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(512, 4096, 13_000, 16_384, 50_000),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(1, 100_000),
        fc.array(step, { maxLength: 400, size: 'max' }),
        (transferSize, depth, capacity, steps) => {
          const writeBuffer = new WriteBuffer(depth, transferSize, capacity);
          const inFlight: Buffer[] = [];
          const kept: { readonly piece: Buffer; readonly copy: Buffer }[] = [];
          let acquired: readonly Buffer[] = [];
          let added = 0;
          let expected = 0;
          let waits = 0;
          const release = (keep: boolean): void => {
            for (const piece of acquired) {
              expect(piece.equals(counterBytes(expected, piece.length))).toBe(true);
              expected += piece.length;
              if (keep && piece.length === piece.buffer.byteLength) {
                kept.push({ piece, copy: Buffer.from(piece) });
              }
            }
            acquired = [];
            writeBuffer.release(keep);
          };
          for (const one of steps) {
            if (one.do === 'take' && inFlight.length < depth) {
              const buffer = writeBuffer.takeBuffer();
              expect(buffer?.length ?? transferSize).toBe(transferSize);
              expect(inFlight.some((other) => other === buffer)).toBe(false);
              inFlight.push(...(buffer === undefined ? [] : [buffer.fill(0xee)]));
            } else if (one.do === 'add') {
              const length = Math.floor(one.share * transferSize);
              const buffer = writeBuffer.hasRoom(length) ? inFlight.shift() : undefined;
              if (buffer !== undefined && length > 0) {
                counterBytes(added, length).copy(buffer);
                writeBuffer.add(buffer, length);
                added += length;
                waits += length;
              } else if (buffer !== undefined) {
                writeBuffer.discard(buffer);
              }
            } else if (one.do === 'scribble') {
              inFlight[one.at % (inFlight.length || 1)]?.fill(0xdd);
            } else if (one.do === 'acquire' && acquired.length === 0) {
              acquired = [...writeBuffer.acquire(one.most)];
              waits -= acquired.reduce((sum, { length }) => sum + length, 0);
            } else if (one.do === 'release') {
              release(one.keep);
            } else if (one.do === 'clear' && acquired.length === 0) {
              expect(writeBuffer.clear()).toBe(waits);
              waits = 0;
              expected = added;
            }
            expect(writeBuffer.isEmpty).toBe(waits === 0);
          }
          release(false);
          acquired = [...writeBuffer.acquire(Number.POSITIVE_INFINITY)];
          release(false);
          for (const { piece, copy } of kept) {
            expect(piece.equals(copy)).toBe(true);
          }
          // Everything is free again: the whole depth can be in flight.
          while (inFlight.length > 0) {
            writeBuffer.discard(inFlight.shift() ?? Buffer.alloc(0));
          }
          while (!writeBuffer.isEmpty) {
            writeBuffer.acquire(Number.POSITIVE_INFINITY);
            writeBuffer.release(false);
          }
          for (let i = 0; i < depth; i += 1) {
            expect(writeBuffer.takeBuffer()).toBeDefined();
          }
        },
      ),
    );
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
              writeBuffer.release(false);
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
