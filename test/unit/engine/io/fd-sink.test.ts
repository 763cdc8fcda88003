import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fsync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  write,
  writeSync,
  writev,
  writevSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FdSink } from '../../../../src/engine/io/fd-sink.js';

// The system's own functions, which single calls of a test replace.
vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  const [write, writev, fsync] = [vi.fn(fs.write), vi.fn(fs.writev), vi.fn(fs.fsync)];
  const [writeSync, writevSync] = [vi.fn(fs.writeSync), vi.fn(fs.writevSync)];
  return { ...fs, write, writev, fsync, writeSync, writevSync };
});

type Callback = (error: NodeJS.ErrnoException | null, written: number) => void;
type Write = (fd: number, buffer: Buffer, done: Callback) => void;
type Writev = (fd: number, buffers: readonly Buffer[], done: Callback) => void;

interface RealFs {
  readonly write: Write;
  readonly writev: Writev;
  readonly writeSync: typeof writeSync;
  readonly writevSync: typeof writevSync;
}
const real = await vi.importActual<RealFs>('node:fs');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fd-sink-'));
});
afterEach(() => {
  vi.mocked(write)
    .mockReset()
    .mockImplementation(real.write as typeof write);
  vi.mocked(writev)
    .mockReset()
    .mockImplementation(real.writev as typeof writev);
  vi.mocked(fsync).mockClear();
  rmSync(folder, { recursive: true });
});

/** Writes bytes in this many buffers, of different sizes. */
function put(sink: FdSink, bytes: Buffer, pieces = 1): Promise<[Error | undefined, number]> {
  const buffers: Buffer[] = [];
  let from = 0;
  for (let i = 1; i < pieces; i += 1) {
    const to = from + Math.floor(((bytes.length - from) * i) / pieces);
    buffers.push(bytes.subarray(from, to));
    from = to;
  }
  buffers.push(bytes.subarray(from));
  return new Promise((resolve) => {
    sink.write(buffers, (error, written) => resolve([error, written]));
  });
}

const writes = () => vi.mocked(write).mock.calls.length + vi.mocked(writev).mock.calls.length;

/** Makes the next writes fail, or report this many bytes, without writing. */
function answer(...results: (string | number)[]): void {
  const next = (_fd: number, _buffers: unknown, done: Callback): void => {
    const result = results.shift() ?? 1_000_000;
    const failed = typeof result === 'string';
    const error = failed ? Object.assign(new Error(result), { code: result }) : null;
    setImmediate(done, error, failed ? 0 : result);
  };
  vi.mocked(write).mockImplementation(next as typeof write);
  vi.mocked(writev).mockImplementation(next as typeof writev);
}

/** Limits the bytes that the system takes of each write. */
function takeAtMost(most: number): void {
  const takeSome = (fd: number, buffers: readonly Buffer[], done: Callback): void => {
    real.write(fd, Buffer.concat(buffers).subarray(0, most), done);
  };
  const short: Write = (fd, buffer, done) => takeSome(fd, [buffer], done);
  vi.mocked(write).mockImplementation(short as typeof write);
  vi.mocked(writev).mockImplementation(takeSome as typeof writev);
}

describe.each([1, 4])('a write of %i buffers', (pieces) => {
  it('continues on a full non-blocking pipe (EAGAIN), and loses nothing', async () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(1_000_000, 'abcdefg');
      let finished = false;
      const written = put(new FdSink(fd), bytes, pieces).finally(() => {
        finished = true;
      });
      const chunks: Buffer[] = [];
      const chunk = Buffer.alloc(50_000);
      while (!finished) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        try {
          chunks.push(Buffer.from(chunk.subarray(0, readSync(fd, chunk))));
        } catch (error) {
          expect(error).toMatchObject({ code: 'EAGAIN' });
        }
      }
      expect(await written).toEqual([undefined, bytes.length]);
      let rest = 0;
      do {
        const sum = chunks.reduce((total, { length }) => total + length, 0);
        rest = sum < bytes.length ? readSync(fd, chunk) : 0;
        chunks.push(Buffer.from(chunk.subarray(0, rest)));
      } while (rest > 0);
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    } finally {
      closeSync(fd);
    }
  });

  it('retries on a full pipe (EAGAIN) after growing delays', async () => {
    const fd = openSync('/dev/null', 'w');
    const timers = vi.spyOn(globalThis, 'setTimeout');
    try {
      answer(...new Array<string>(8).fill('EAGAIN'), 10);
      expect(await put(new FdSink(fd), Buffer.alloc(10), pieces)).toEqual([undefined, 10]);
      expect(timers.mock.calls.map(([, delay]) => delay)).toEqual([1, 2, 4, 8, 16, 32, 64, 64]);
    } finally {
      timers.mockRestore();
      closeSync(fd);
    }
  });

  it('continues after partial writes', async () => {
    const file = join(folder, 'out.bin');
    const fd = openSync(file, 'w');
    takeAtMost(7);
    const bytes = Buffer.from('0123456789'.repeat(10));
    expect(await put(new FdSink(fd), bytes, pieces)).toEqual([undefined, 100]);
    closeSync(fd);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(writes()).toBe(Math.ceil(100 / 7));
  });

  it.each([
    'ENOSPC',
    'EDQUOT',
    'EIO',
    'EFBIG',
    'EPIPE',
  ])('that fails with %s reports the bytes written before', async (code) => {
    const fd = openSync('/dev/null', 'w');
    answer(3, 4, code);
    const [error, written] = await put(new FdSink(fd), Buffer.alloc(10), pieces);
    closeSync(fd);
    expect(error).toMatchObject({ code });
    expect(written).toBe(7);
    expect(writes()).toBe(3);
  });

  it('fails when no byte is written, instead of retrying for ever', async () => {
    const fd = openSync('/dev/null', 'w');
    answer(0);
    const [error, written] = await put(new FdSink(fd), Buffer.alloc(10), pieces);
    closeSync(fd);
    expect(error?.message).toBe('the output accepts no more bytes');
    expect(written).toBe(0);
  });

  it('fails on a descriptor that is closed, or open for reading (EBADF)', async () => {
    const fd = openSync('/dev/null', 'r');
    const sink = new FdSink(fd);
    const failed = [expect.objectContaining({ code: 'EBADF' }), 0];
    expect(await put(sink, Buffer.alloc(10), pieces)).toEqual(failed);
    closeSync(fd);
    expect(await put(sink, Buffer.alloc(10), pieces)).toEqual(failed);
  });

  it('does not call back synchronously', () => {
    const fd = openSync('/dev/null', 'w');
    let called = false;
    new FdSink(fd).write(new Array<Buffer>(pieces).fill(Buffer.alloc(10)), () => {
      called = true;
      closeSync(fd);
    });
    expect(called).toBe(false);
  });
});

describe.each([1, 4])('a few bytes for a pipe, in %i buffers,', (pieces) => {
  /** Opens a FIFO for reading and, as another process would pass it, for blocking writes. */
  function openPipe(): { reader: number; writer: number } {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    return { reader, writer: openSync(fifo, constants.O_WRONLY) };
  }

  /** Reads what is in the pipe, at most 1 MiB; throws EAGAIN if it is empty. */
  function readPipe(reader: number): Buffer {
    const bytes = Buffer.alloc(1024 * 1024);
    return bytes.subarray(0, readSync(reader, bytes));
  }

  async function withSink(
    test: (sink: FdSink, pipe: { reader: number }) => Promise<void>,
  ): Promise<void> {
    const pipe = openPipe();
    const sink = new FdSink(pipe.writer);
    try {
      await sink.start();
      await test(sink, pipe);
    } finally {
      await sink.close();
      closeSync(pipe.writer);
      closeSync(pipe.reader);
    }
  }

  it('are in the pipe at once, and not called back synchronously', async () => {
    await withSink(async (sink, { reader }) => {
      const bytes = Buffer.from('a few bytes');
      let called = false;
      const written = put(sink, bytes, pieces).finally(() => {
        called = true;
      });
      expect(readPipe(reader).equals(bytes)).toBe(true);
      expect(called).toBe(false);
      expect(await written).toEqual([undefined, bytes.length]);
      expect(writes()).toBe(0); // on the thread pool
    });
  });

  it('wait for room on the thread pool, in order', async () => {
    await withSink(async (sink, { reader }) => {
      const own = openSync(join(folder, 'fifo'), constants.O_WRONLY | constants.O_NONBLOCK);
      let filled = 0;
      try {
        for (;;) filled += writeSync(own, Buffer.alloc(4096, 'f'));
      } catch {
        closeSync(own); // the pipe is full
      }
      readSync(reader, Buffer.alloc(8192));
      const bytes = Buffer.alloc(60_000, 'abcdefg');
      const written = put(sink, bytes, pieces);
      expect(writes()).toBe(1);
      const chunks: Buffer[] = [];
      for (let left = filled - 8192 + bytes.length; left > 0; ) {
        try {
          chunks.push(readPipe(reader));
          left -= chunks.at(-1)?.length ?? 0;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
      expect(await written).toEqual([undefined, bytes.length]);
      expect(Buffer.concat(chunks).subarray(-bytes.length).equals(bytes)).toBe(true);
    });
  });

  it.each(['EIO', 'EPIPE'])('fail once, and nothing else is tried, after %s', async (code) => {
    await withSink(async (sink) => {
      const fail = (): never => {
        throw Object.assign(new Error(code), { code });
      };
      vi.mocked(writeSync).mockImplementationOnce(fail);
      vi.mocked(writevSync).mockImplementationOnce(fail);
      const done = vi.fn();
      try {
        sink.write(new Array<Buffer>(pieces).fill(Buffer.alloc(10)), done);
        expect(done).not.toHaveBeenCalled();
        await new Promise(setImmediate);
      } finally {
        // one of them was not called
        vi.mocked(writeSync).mockReset().mockImplementation(real.writeSync);
        vi.mocked(writevSync).mockReset().mockImplementation(real.writevSync);
      }
      expect(done.mock.calls).toEqual([[expect.objectContaining({ code }), 0]]);
      expect(writes()).toBe(0);
      expect(await put(sink, Buffer.alloc(10), pieces)).toEqual([undefined, 10]);
    });
  });

  it('fail at the read end, and are not put into the pipe (EBADF)', async () => {
    const { reader, writer } = openPipe();
    const sink = new FdSink(reader);
    await sink.start();
    const failed = [expect.objectContaining({ code: 'EBADF' }), 0];
    expect(await put(sink, Buffer.alloc(10), pieces)).toEqual(failed);
    expect(() => readPipe(reader)).toThrow('EAGAIN');
    await sink.close();
    closeSync(writer);
    closeSync(reader);
  });

  it('fail when the reader is gone', async () => {
    const { reader, writer } = openPipe();
    const sink = new FdSink(writer);
    await sink.start();
    closeSync(reader);
    const [error, written] = await put(sink, Buffer.alloc(10), pieces);
    expect(error).toMatchObject({ code: 'EPIPE' });
    expect(written).toBe(0);
    await sink.close();
    closeSync(writer);
  });
});

it('leaves no descriptor open, and the blocking mode of the pipe as it is', async () => {
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const fd = openSync(fifo, constants.O_RDWR);
  const before = readdirSync('/proc/self/fd').length;
  const flags = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  const sink = new FdSink(fd);
  await sink.start();
  await sink.start();
  expect(readdirSync('/proc/self/fd')).toHaveLength(before + 1);
  expect(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')).toBe(flags);
  await sink.close();
  await new FdSink(fd).close(); // no run took place
  expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  closeSync(fd);
});

describe('closing', () => {
  it('leaves the descriptor open', async () => {
    const fd = openSync('/dev/null', 'w');
    const sink = new FdSink(fd);
    await sink.start();
    await sink.close();
    expect(fsync).not.toHaveBeenCalled();
    closeSync(fd); // throws unless it is open
  });

  it('reports an fsync that fails, and does not retry it', async () => {
    const failing = ((_fd: number, done: (error: Error) => void) => {
      setImmediate(done, Object.assign(new Error('i/o error'), { code: 'EIO' }));
    }) as unknown as typeof fsync;
    vi.mocked(fsync).mockImplementationOnce(failing);
    const fd = openSync(join(folder, 'out.bin'), 'w');
    const sink = new FdSink(fd, true);
    await sink.start();
    await expect(sink.close()).rejects.toMatchObject({ code: 'EIO' });
    expect(fsync).toHaveBeenCalledTimes(1);
    closeSync(fd);
  });
});
