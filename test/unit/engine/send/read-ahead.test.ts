import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ReadDone, Source } from '../../../../src/engine/io/source.js';
import { ReadAhead } from '../../../../src/engine/send/read-ahead.js';
import { counterBytes } from '../../../support/counter-stream.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A source whose reads are answered by the test, with the bytes of the counter stream. */
class ManualSource implements Source {
  size: number | undefined;
  /** Bytes that were read. */
  position = 0;
  /** The pending read. */
  pending: { buffer: Buffer; start: number; end: number; done: ReadDone } | undefined;
  reads = 0;

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    expect(this.pending).toBeUndefined();
    expect(end).toBeGreaterThan(start);
    expect(end).toBeLessThanOrEqual(buffer.length);
    this.pending = { buffer, start, end, done };
    this.reads += 1;
  }

  /** Answers the pending read, by default with all the bytes that it wants. */
  answer(max = Number.POSITIVE_INFINITY, error?: Error): void {
    const { pending } = this;
    if (pending === undefined) {
      throw new Error('no read is pending');
    }
    this.pending = undefined;
    const length = Math.min(max, pending.end - pending.start);
    counterBytes(this.position, length).copy(pending.buffer, pending.start);
    this.position += length;
    pending.done(error, length);
  }

  async close(): Promise<void> {}
}

function start(options: Partial<ConstructorParameters<typeof ReadAhead>[1]> = {}) {
  const source = new ManualSource();
  const onRead = vi.fn();
  const readAhead = new ReadAhead(
    source,
    { pieceSize: 512, capacity: 1, bytes: Number.POSITIVE_INFINITY, exact: true, ...options },
    onRead,
  );
  return { source, readAhead, onRead };
}

/** Reads until there is no room; returns the number of bytes. */
function readAll(source: ManualSource, readAhead: ReadAhead): number {
  const before = source.position;
  readAhead.read();
  while (source.pending !== undefined) {
    source.answer();
    readAhead.read();
  }
  return source.position - before;
}

/** Takes all pieces that there are. */
function takeAll(readAhead: ReadAhead): Buffer[] {
  const pieces: Buffer[] = [];
  for (let piece = readAhead.take(); piece !== undefined; piece = readAhead.take()) {
    pieces.push(piece);
  }
  return pieces;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('ReadAhead', () => {
  it.each([
    ['two chunks of about 1 MiB at least', 1000, 1, 2 * 1_048_000],
    ['whole chunks', 1000, 3 * MIB, 4 * 1_048_000],
    ['two pieces at least, of any size', MIB + 1, 1, 2 * (MIB + 1)],
    ['whole pieces that are larger than a chunk', 3 * MIB, 7 * MIB, 9 * MIB],
    ['chunks of at most 64 Ki pieces', 8, 600 * KIB, 2 * 512 * KIB],
    ['at most 256 Ki pieces', 8, 5 * 512 * KIB, 4 * 512 * KIB],
    ['at most 256 Ki pieces of a byte', 1, 320 * KIB, 256 * KIB],
  ])('reads %s: pieces of %d bytes, a capacity of %d', (_, pieceSize, capacity, bytes) => {
    const { source, readAhead } = start({ pieceSize, capacity });
    expect(readAll(source, readAhead)).toBe(bytes);
    expect(readAhead.waiting).toBe(bytes);
  });

  it('fails if the source reports more bytes than were asked for, or answers twice', () => {
    const { source, readAhead } = start({ bytes: 1000 });
    readAhead.read();
    const first = source.pending?.done;
    source.answer(400);
    readAhead.read();
    source.pending?.done(undefined, 601);
    const most = 'the source reported 601 bytes, but at most 600 were possible';
    expect(readAhead.failure?.message).toBe(most);
    first?.(undefined, 0);
    expect(readAhead.failure?.message).toBe('the source called back more than once');
  });

  it('reads one piece of memory at a time, and reports each read', () => {
    const { source, readAhead, onRead } = start();
    expect(readAhead.take()).toBeUndefined();
    readAhead.read();
    readAhead.read();
    expect(source.reads).toBe(1);
    source.answer(700);
    expect(onRead).toHaveBeenCalledExactlyOnceWith(700);
    readAhead.read();
    expect(source.pending?.start).toBe(700);
  });

  it('reads on once the pieces of a whole chunk are released, in their order', () => {
    const { source, readAhead } = start({ pieceSize: MIB / 2 });
    expect(readAll(source, readAhead)).toBe(2 * MIB);
    const pieces = takeAll(readAhead);
    expect(pieces.map(({ length }) => length)).toEqual([MIB / 2, MIB / 2, MIB / 2, MIB / 2]);
    readAhead.release();
    expect(readAll(source, readAhead)).toBe(0);
    readAhead.release();
    expect(readAll(source, readAhead)).toBe(MIB);
    const [, , third, fourth] = pieces;
    expect(third?.equals(counterBytes(MIB, MIB / 2))).toBe(true); // still in use
    expect(fourth?.equals(counterBytes(1.5 * MIB, MIB / 2))).toBe(true);
    expect(Buffer.concat(takeAll(readAhead)).equals(counterBytes(2 * MIB, MIB))).toBe(true);
  });

  it('keeps a chunk of which pieces will still be taken', () => {
    const { source, readAhead } = start({ pieceSize: MIB / 2 });
    readAll(source, readAhead);
    const first = readAhead.take();
    readAhead.release();
    expect(readAll(source, readAhead)).toBe(0);
    expect(first?.equals(counterBytes(0, MIB / 2))).toBe(true);
    expect(Buffer.concat(takeAll(readAhead)).equals(counterBytes(MIB / 2, 1.5 * MIB))).toBe(true);
  });

  it('hands out the same views when memory is reused', () => {
    const { source, readAhead } = start({ pieceSize: MIB / 2 });
    readAll(source, readAhead);
    const before = takeAll(readAhead);
    for (const _ of before) {
      readAhead.release();
    }
    readAll(source, readAhead);
    const after = takeAll(readAhead);
    expect(after).toHaveLength(4);
    for (const piece of after) {
      expect(before.some((other) => other === piece)).toBe(true);
    }
  });

  it('waits for full pieces if they must be exact, except for the last one', () => {
    const { source, readAhead } = start();
    readAhead.read();
    source.answer(511);
    expect(readAhead.take()).toBeUndefined();
    readAhead.read();
    source.answer(100);
    expect(takeAll(readAhead).map(({ length }) => length)).toEqual([512]);
    readAhead.read();
    source.answer(0);
    expect(takeAll(readAhead).map(({ length }) => length)).toEqual([99]);
    expect(readAhead.isOver).toBe(true);
  });

  it('hands out what was read if pieces need not be exact, wherever it lies', () => {
    const { source, readAhead } = start({ exact: false });
    const pieces: Buffer[] = [];
    for (const length of [100, 512, 900, 24]) {
      readAhead.read();
      source.answer(length);
      pieces.push(...takeAll(readAhead));
    }
    expect(pieces.map(({ length }) => length)).toEqual([100, 512, 512, 388, 24]);
    expect(Buffer.concat(pieces).equals(counterBytes(0, 1536))).toBe(true);
  });

  it('reads nothing more at the end of the input', () => {
    const { source, readAhead } = start({ bytes: 2000 });
    readAhead.read();
    source.answer(1000);
    expect([readAhead.mayHaveMore, readAhead.isOver, readAhead.isShort]).toEqual([
      true,
      false,
      false,
    ]);
    readAhead.read();
    source.answer(0);
    readAhead.read();
    expect(source.reads).toBe(2);
    expect([readAhead.mayHaveMore, readAhead.isOver, readAhead.isShort]).toEqual([
      false,
      false, // some bytes wait
      true,
    ]);
    takeAll(readAhead);
    expect(readAhead.isOver).toBe(true);
  });

  it('reads nothing more at its limit', () => {
    const { source, readAhead } = start({ bytes: 1000 });
    readAhead.read();
    expect(source.pending).toMatchObject({ start: 0, end: 1000 });
    source.answer(600);
    readAhead.read();
    expect(source.pending).toMatchObject({ start: 600, end: 1000 });
    source.answer();
    readAhead.read();
    expect(source.reads).toBe(2);
    takeAll(readAhead);
    expect([readAhead.isOver, readAhead.isShort]).toEqual([true, false]);
  });

  it('reads nothing more after an error, and keeps the bytes before it', () => {
    const { source, readAhead } = start();
    const error = new Error('EIO');
    readAhead.read();
    source.answer(700, error);
    readAhead.read();
    expect(source.reads).toBe(1);
    expect(readAhead.failure).toBe(error);
    expect(Buffer.concat(takeAll(readAhead)).equals(counterBytes(0, 700))).toBe(true);
    expect(readAhead.isOver).toBe(true);
  });

  it('expects no more of an input that is known to have no more', () => {
    const { source, readAhead } = start();
    source.size = 0;
    expect(readAhead.mayHaveMore).toBe(false);
  });

  it('makes do with the memory that there is', () => {
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
    allocate.mockImplementationOnce((size) => Buffer.alloc(size));
    allocate.mockImplementation(() => {
      throw new RangeError('Array buffer allocation failed');
    });
    const { source, readAhead } = start({ pieceSize: MIB });
    expect(readAll(source, readAhead)).toBe(MIB);
    expect(takeAll(readAhead)).toHaveLength(1);
    expect(readAll(source, readAhead)).toBe(0);
    readAhead.release();
    expect(readAll(source, readAhead)).toBe(MIB);
    expect(takeAll(readAhead)).toHaveLength(1);
  });
});
