import {
  close,
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  read,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FdSource } from '../../../../src/engine/io/fd-source.js';
import { readAll, readSome } from './reading.js';

// The system's own functions, which single calls of a test replace.
vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  return { ...fs, read: vi.fn(fs.read), close: vi.fn(fs.close) };
});

type Callback = (error: NodeJS.ErrnoException | null, bytes: number) => void;

const { read: realRead } = await vi.importActual<typeof import('node:fs')>('node:fs');

let folder = '';
let file = '';
let fd = -1;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fd-source-'));
  file = join(folder, 'in.bin');
  writeFileSync(file, '0123456789');
  fd = openSync(file, 'r');
});
afterEach(() => {
  vi.mocked(read).mockReset().mockImplementation(realRead);
  vi.mocked(close).mockClear();
  try {
    closeSync(fd);
  } catch {
    // The source closed it.
  }
  rmSync(folder, { recursive: true });
});

/** Makes the next read fail, or succeed when the test says so. */
function answer(code: string | undefined): () => void {
  let tell = () => {};
  const once = (_fd: number, _buffer: Buffer, ...rest: unknown[]): void => {
    const done = rest.at(-1) as Callback;
    if (code === undefined) {
      tell = () => done(null, 1);
    } else {
      setImmediate(done, Object.assign(new Error(code), { code }), 0);
    }
  };
  vi.mocked(read).mockImplementationOnce(once as typeof read);
  return () => tell();
}

const isOpen = () => {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
};

describe('a source on a descriptor', () => {
  it('reads as many bytes as requested, up to the end', async () => {
    writeFileSync(file, Buffer.alloc(5_000_000, 'abc'));
    const source = new FdSource(fd);
    expect((await readSome(source, 4_000_000)).equals(Buffer.alloc(4_000_000, 'abc'))).toBe(true);
    expect(await readSome(source, 4_000_000)).toHaveLength(1_000_000);
    expect(await readSome(source, 4_000_000)).toHaveLength(0);
    expect(await readSome(source, 4_000_000)).toHaveLength(0);
  });

  it('reads at the offset of the descriptor, and advances it', async () => {
    await readSome(new FdSource(fd), 3);
    expect(String(await readSome(new FdSource(fd), 3))).toBe('345');
  });

  it('reads at a given position, and leaves the offset unchanged', async () => {
    expect(String(await readAll(new FdSource(fd, { position: 4 }), [2, 3]))).toBe('456789');
    expect(String(await readSome(new FdSource(fd), 3))).toBe('012');
  });

  it('knows the remaining bytes, if a size was given', async () => {
    const source = new FdSource(fd, { size: 10 });
    expect(source.size).toBe(10);
    await readSome(source, 4);
    expect(source.size).toBe(6);
    writeFileSync(file, ' and more', { flag: 'a' });
    expect(await readAll(source)).toHaveLength(15);
    expect(source.size).toBe(0);
    expect(new FdSource(fd).size).toBeUndefined();
  });

  it('does not call back synchronously', async () => {
    let inside = true;
    await new Promise<void>((resolve) => {
      new FdSource(fd).read(Buffer.alloc(10), 0, 10, () => {
        expect(inside).toBe(false);
        resolve();
      });
      inside = false;
    });
  });

  it('retries on a device without data (EAGAIN) after growing delays', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    try {
      for (let i = 0; i < 8; i += 1) {
        answer('EAGAIN');
      }
      const source = new FdSource(fd);
      expect(String(await readSome(source, 3))).toBe('012');
      answer('EAGAIN');
      expect(String(await readSome(source, 3))).toBe('345');
      expect(timers.mock.calls.map(([, delay]) => delay)).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 1]);
    } finally {
      timers.mockRestore();
    }
  });

  it('reports an error after the bytes read before it', async () => {
    const source = new FdSource(fd);
    await readSome(source, 3);
    answer('EIO');
    await expect(readSome(source, 3)).rejects.toMatchObject({ code: 'EIO' });
    const directory = openSync(folder, 'r');
    await expect(readSome(new FdSource(directory), 3)).rejects.toMatchObject({ code: 'EISDIR' });
    closeSync(directory);
  });

  it('takes EOF, which Windows reports for a pipe, as the end', async () => {
    answer('EOF');
    expect(await readSome(new FdSource(fd), 3)).toHaveLength(0);
  });
});

describe('closing', () => {
  it('closes the descriptor once, if the source owns it', async () => {
    await new FdSource(fd).close();
    expect(isOpen()).toBe(true);
    const source = new FdSource(fd, { owned: true });
    await source.close();
    expect(isOpen()).toBe(false);
    await source.close();
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('does not wait for a read, and closes the descriptor after it', async () => {
    const finish = answer(undefined);
    const done = vi.fn();
    const source = new FdSource(fd, { owned: true });
    source.read(Buffer.alloc(1), 0, 1, done);
    await source.close();
    expect(isOpen()).toBe(true);
    finish();
    await vi.waitUntil(() => !isOpen());
    expect(done).not.toHaveBeenCalled();
  });

  it('cancels the retry on a device without data', async () => {
    const source = new FdSource(fd, { owned: true });
    for (let i = 0; i < 20; i += 1) {
      answer('EAGAIN');
    }
    const done = vi.fn();
    source.read(Buffer.alloc(1), 0, 1, done);
    await vi.waitUntil(() => vi.mocked(read).mock.calls.length > 2);
    await source.close();
    await vi.waitUntil(() => !isOpen());
    const { length } = vi.mocked(read).mock.calls;
    await sleep(100); // longer than the longest delay
    expect(vi.mocked(read).mock.calls).toHaveLength(length);
    expect(done).not.toHaveBeenCalled();
  });
});
