import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inheritedSource, openSource } from '../../../../src/engine/io/open-source.js';
import { readAll, readSome } from './reading.js';

vi.mock('node:fs/promises', async (load) => {
  const fs = await load<typeof import('node:fs/promises')>();
  return { ...fs, stat: vi.fn(fs.stat) };
});

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

const onLinux = describe.skipIf(process.platform !== 'linux');

let folder = '';
let file = '';
let fifo = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'open-source-'));
  file = join(folder, 'in.bin');
  writeFileSync(file, '0123456789');
  fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Opens a descriptor for the duration of a callback. */
async function withOpen(path: string, use: (fd: number) => Promise<void>): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    await use(fd);
  } finally {
    closeSync(fd);
  }
}

describe('a file by name', () => {
  it('is read to its end, and has a size', async () => {
    const source = await openSource(file);
    expect(source.size).toBe(10);
    expect(String(await readAll(source, [3]))).toBe('0123456789');
    await source.close();
  });

  it('is read after the skipped bytes', async () => {
    const source = await openSource(file, { skip: 4 });
    expect(source.size).toBe(6);
    expect(String(await readAll(source, [4]))).toBe('456789');
    await source.close();
    const none = await openSource(file, { skip: 10 });
    expect(await readAll(none)).toHaveLength(0);
    await none.close();
  });

  it('is refused when it has fewer bytes than to skip', async () => {
    await expect(openSource(file, { skip: 11 })).rejects.toMatchObject({
      name: 'InputError',
      code: 'input-too-short',
      message: 'has 10 bytes, fewer than the 11 to skip',
    });
    writeFileSync(file, '');
    await expect(openSource(file, { skip: 1 })).rejects.toThrow('has 0 bytes, fewer than the 1');
  });

  it('is refused when it is of another kind', async () => {
    await expect(openSource(join(folder, 'no'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(openSource(folder)).rejects.toMatchObject({
      message: 'is a directory',
      code: 'input-unsuitable',
      remedies: ['name-file-in-directory'],
    });
    const server = createServer().listen(join(folder, 'socket'));
    await expect(openSource(join(folder, 'socket'))).rejects.toThrow('is a socket');
    server.close();
  });
});

onLinux('what the kernel makes up', () => {
  it('has no size, and is skipped by reading', async () => {
    const source = await openSource('/proc/version', { skip: 6 });
    expect(source.size).toBeUndefined();
    expect(String(await readAll(source))).toMatch(/^version /);
    await source.close();
    await expect(openSource('/proc/version', { skip: 100_000 })).rejects.toThrow(
      /^has \d+ bytes, fewer than the 100000/,
    );
  });
});

describe('a device by name', () => {
  it('is read without an end', async () => {
    const source = await openSource('/dev/zero', { skip: 5_000_000 });
    expect((await readSome(source, 3_000_000)).equals(Buffer.alloc(3_000_000))).toBe(true);
    expect(source.size).toBe(Number.POSITIVE_INFINITY);
    await source.close();
  });

  it('may be empty', async () => {
    const source = await openSource('/dev/null');
    expect(await readAll(source)).toHaveLength(0);
    await source.close();
  });

  it.skipIf(!existsSync('/sys/dev/block'))(
    'that is a disk has a size, and is skipped by its position',
    async () => {
      const disk = readdirSync('/sys/dev/block').find((name) => /^\d+:\d+$/.test(name)) ?? '';
      const sectors = execFileSync('cat', [`/sys/dev/block/${disk}/size`], { encoding: 'utf8' });
      const size = Number(sectors) * 512;
      const [major = 0, minor = 0] = disk.split(':').map(Number);
      const stats = Object.create(await stat(file), {
        isFile: { value: () => false },
        isBlockDevice: { value: () => true },
        rdev: { value: (major << 8) | minor },
      });
      vi.mocked(stat).mockResolvedValue(stats);
      try {
        const source = await openSource(file, { skip: size === 0 ? 0 : 4 });
        expect(source.size).toBe(size === 0 ? 0 : size - 4);
        expect(String(await readSome(source, 3))).toBe(size === 0 ? '012' : '456');
        await source.close();
        await expect(openSource(file, { skip: size + 1 })).rejects.toThrow(`has ${size} bytes`);
      } finally {
        vi.mocked(stat).mockReset();
      }
    },
  );
});

describe('a FIFO by name', () => {
  it('waits for its writer, and ends when it closes', async () => {
    const source = await openSource(fifo);
    const first = readSome(source, 10);
    await sleep(50);
    const writer = openSync(fifo, 'w');
    await sleep(50);
    writeSync(writer, 'abc');
    expect(String(await first)).toBe('abc');
    closeSync(writer);
    expect(await readAll(source)).toHaveLength(0);
    await source.close();
  });

  it('ends when a writer closes without writing', async () => {
    const source = await openSource(fifo);
    const first = readSome(source, 10);
    await sleep(50);
    closeSync(openSync(fifo, 'w'));
    expect(await first).toHaveLength(0);
    await source.close();
  });

  it('is skipped by reading, until the signal is aborted', async () => {
    const given = openSync(fifo, O_RDONLY | O_NONBLOCK);
    const writer = openSync(fifo, O_WRONLY);
    writeSync(writer, 'abc');
    const source = await openSource(fifo, { skip: 2 });
    expect(String(await readSome(source, 10))).toBe('c');
    await source.close();
    const controller = new AbortController();
    const opening = openSource(fifo, { skip: 2, signal: controller.signal });
    await sleep(50);
    controller.abort();
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
    closeSync(given);
    expect(() => writeSync(writer, 'x')).toThrow('EPIPE'); // it has no reader
    closeSync(writer);
  });

  it('is refused when it ends within the bytes to skip', async () => {
    const opening = openSource(fifo, { skip: 4 });
    const writer = openSync(fifo, 'r+');
    writeSync(writer, 'abc');
    await sleep(50);
    closeSync(writer);
    await expect(opening).rejects.toThrow('has 3 bytes, fewer than the 4 to skip');
  });
});

onLinux('an inherited descriptor', () => {
  it('is read at its offset, which advances over skipped bytes too', async () => {
    await withOpen(file, async (fd) => {
      readSync(fd, Buffer.alloc(2));
      const source = await inheritedSource(fd, { skip: 3 });
      expect(source.size).toBe(5);
      expect(String(await readSome(source, 2))).toBe('56');
      await source.close();
      const next = await inheritedSource(fd);
      expect(next.size).toBe(3);
      expect(String(await readAll(next))).toBe('789');
      await next.close();
    });
  });

  it('is refused when it has fewer bytes than to skip, and its offset is unchanged', async () => {
    await withOpen(file, async (fd) => {
      readSync(fd, Buffer.alloc(2));
      await expect(inheritedSource(fd, { skip: 9 })).rejects.toThrow('has 8 bytes, fewer than');
      expect(String(await readAll(await inheritedSource(fd)))).toBe('23456789');
    });
    await withOpen(folder, async (fd) => {
      await expect(inheritedSource(fd)).rejects.toThrow('is a directory');
    });
  });

  it('of a device is read through a non-blocking descriptor of its own', async () => {
    await withOpen('/dev/zero', async (fd) => {
      const source = await inheritedSource(fd);
      expect(await readSome(source, 10)).toEqual(Buffer.alloc(10));
      expect(source.size).toBe(Number.POSITIVE_INFINITY);
      await source.close();
    });
  });

  it('of a FIFO whose writer is gone is at its end', async () => {
    const fd = openSync(fifo, O_RDONLY | O_NONBLOCK);
    const writer = openSync(fifo, O_WRONLY);
    writeSync(writer, 'abc');
    closeSync(writer);
    const source = await inheritedSource(fd);
    expect(String(await readAll(source, [3]))).toBe('abc');
    await source.close();
    closeSync(fd);
  });
});
