import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StreamSource } from '../../../../src/engine/io/stream-source.js';
import { readAll, readSome } from './reading.js';

// The system's own function, which single calls of a test replace.
vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  return { ...fs, readSync: vi.fn(fs.readSync) };
});

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

let folder = '';
let reader = -1;
let writer = -1;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stream-source-'));
  [reader, writer] = pipe();
});
afterEach(() => {
  vi.mocked(readSync).mockClear();
  rmSync(folder, { recursive: true });
});

let pipes = 0;

/** A pipe: its end to read from, which the source closes, and the one to write to. */
function pipe(): [reader: number, writer: number] {
  pipes += 1;
  const path = join(folder, `fifo-${pipes}`);
  execFileSync('mkfifo', [path]);
  return [openSync(path, O_RDONLY | O_NONBLOCK), openSync(path, O_WRONLY | O_NONBLOCK)];
}

/** Writes all to a pipe, however little that takes at once, and closes it. */
async function feed(fd: number, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    try {
      at += writeSync(fd, bytes, at, Math.min(sizes[i % sizes.length] ?? 1, bytes.length - at));
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' });
    }
    if (i % 3 === 0) {
      await turn();
    }
  }
  closeSync(fd);
}

const counting = (length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8)));

describe('a source on a pipe', () => {
  it('reads every byte, with writes and reads of any size', async () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 100_000 }));
    const sizes = fc.array(size, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.nat(200_000), sizes, sizes, async (length, written, read) => {
        // As many writes and reads as a test has the time for.
        const few = Math.min(length, 500 * Math.min(Math.max(...written), Math.max(...read)));
        const [from, to] = pipe();
        const source = new StreamSource(from);
        const bytes = counting(few);
        const [all] = await Promise.all([readAll(source, read), feed(to, bytes, written)]);
        await source.close();
        expect(all.equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('reads all available bytes at once', async () => {
    const source = new StreamSource(reader);
    writeSync(writer, Buffer.alloc(60_000));
    expect(await readSome(source, 100_000)).toHaveLength(60_000);
    await source.close();
    closeSync(writer);
  });

  it('reads directly into the buffer when requested from within `done`', async () => {
    const source = new StreamSource(reader);
    const buffer = Buffer.alloc(9);
    const all = new Promise<void>((resolve) => {
      const next = (at: number) => {
        source.read(buffer, at, at + 3, (_error, bytes) => {
          if (at + bytes === buffer.length) {
            resolve();
          } else {
            next(at + bytes);
          }
        });
      };
      next(0);
    });
    writeSync(writer, '012345678');
    await all;
    expect(String(buffer)).toBe('012345678');
    expect(readSync).toHaveBeenCalledTimes(1); // what came with the first byte
    await source.close();
    closeSync(writer);
  });

  it('takes no more bytes than requested', async () => {
    const other = openSync(`/proc/self/fd/${reader}`, O_RDONLY | O_NONBLOCK);
    const source = new StreamSource(reader);
    writeSync(writer, '0123456789');
    await sleep(20);
    expect(String(await readSome(source, 1))).toBe('0');
    expect(String(await readSome(source, 3))).toBe('123');
    await sleep(20);
    await source.close();
    const rest = Buffer.alloc(10);
    expect(rest.toString('latin1', 0, readSync(other, rest))).toBe('456789');
    closeSync(other);
    closeSync(writer);
  });

  it('waits for data, and ends when the writer closes', async () => {
    const source = new StreamSource(reader);
    const first = readSome(source, 10);
    await sleep(20);
    writeSync(writer, 'late');
    expect(String(await first)).toBe('late');
    const last = readSome(source, 10);
    await sleep(20);
    closeSync(writer);
    expect(await last).toHaveLength(0);
    expect(await readSome(source, 10)).toHaveLength(0);
    await source.close();
  });

  it('stays at its end once a read has found it, even with another writer', async () => {
    writeSync(writer, 'x');
    closeSync(writer);
    const source = new StreamSource(reader);
    expect(String(await readSome(source, 10))).toBe('x');
    const again = openSync(join(folder, `fifo-${pipes}`), O_WRONLY);
    writeSync(again, 'y');
    expect(await readSome(source, 10)).toHaveLength(0);
    await source.close();
    closeSync(again);
  });

  it('accepts a read from within `done`, which is not called from within `read`', async () => {
    const source = new StreamSource(reader);
    writeSync(writer, 'abc');
    closeSync(writer);
    const reported: number[] = [];
    let isReading = false;
    await new Promise<void>((resolve) => {
      const next = () => {
        isReading = true;
        source.read(Buffer.alloc(1), 0, 1, (error, bytes) => {
          expect([isReading, error]).toEqual([false, undefined]);
          reported.push(bytes);
          if (bytes === 0) {
            resolve();
          } else {
            next();
          }
        });
        isReading = false;
      };
      next();
    });
    expect(reported).toEqual([1, 1, 1, 0]);
    await source.close();
  });

  it('reports an error after the bytes read before it', async () => {
    const source = new StreamSource(reader);
    writeSync(writer, 'abc');
    vi.mocked(readSync).mockImplementationOnce(() => {
      throw Object.assign(new Error('i/o error'), { code: 'EIO' });
    });
    expect(String(await readSome(source, 10))).toBe('a');
    await expect(readSome(source, 10)).rejects.toMatchObject({ code: 'EIO' });
    await expect(readSome(source, 10)).rejects.toMatchObject({ code: 'EIO' });
    await source.close();
    closeSync(writer);
  });

  it('reads single bytes of a descriptor that may block', async () => {
    const source = new StreamSource(reader, { mayBlock: true });
    writeSync(writer, 'abc');
    closeSync(writer);
    expect(String(await readSome(source, 10))).toBe('a');
    expect(String(await readAll(source))).toBe('bc');
    expect(readSync).not.toHaveBeenCalled();
    await source.close();
  });

  it('accepts the next read from within `done`', async () => {
    const source = new StreamSource(reader, { mayBlock: true });
    writeSync(writer, 'abc');
    closeSync(writer);
    const buffer = Buffer.alloc(3);
    const bytes = await new Promise<number>((resolve) => {
      const next = (at: number) => {
        source.read(buffer, at, at + 1, (_error, came) => {
          if (came === 0 || at + came === buffer.length) {
            resolve(at + came);
          } else {
            next(at + came);
          }
        });
      };
      next(0);
    });
    expect([bytes, String(buffer)]).toEqual([3, 'abc']);
    await source.close();
  });

  it('has no size', () => {
    const source = new StreamSource(reader);
    expect(source.size).toBeUndefined();
    closeSync(writer);
    return source.close();
  });
});

describe('closing', () => {
  it('ends a pending read, and closes the descriptor', async () => {
    const source = new StreamSource(reader);
    const done = vi.fn();
    source.read(Buffer.alloc(10), 0, 10, done);
    await sleep(20);
    await source.close();
    await source.close();
    expect(() => fstatSync(reader)).toThrow('EBADF');
    expect(() => writeSync(writer, 'x')).toThrow('EPIPE');
    await sleep(20);
    expect(done).not.toHaveBeenCalled();
    closeSync(writer);
  });

  it('ends a read that has received bytes already', async () => {
    const source = new StreamSource(reader);
    let closed: Promise<void> | undefined;
    vi.mocked(readSync).mockImplementationOnce(() => {
      closed = source.close();
      return 2;
    });
    const done = vi.fn();
    source.read(Buffer.alloc(10), 0, 10, done);
    writeSync(writer, 'abc');
    await vi.waitUntil(() => closed !== undefined);
    await closed;
    await sleep(20);
    expect(done).not.toHaveBeenCalled();
    closeSync(writer);
  });
});
