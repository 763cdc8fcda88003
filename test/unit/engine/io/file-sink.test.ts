import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileSink } from '../../../../src/engine/io/file-sink.js';

vi.mock('node:fs/promises', async (load) => {
  const fs = await load<typeof import('node:fs/promises')>();
  return { ...fs, open: vi.fn(fs.open), stat: vi.fn(fs.stat) };
});

const { open: realOpen } =
  await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-sink-'));
  file = join(folder, 'out.bin');
});
afterEach(() => {
  vi.mocked(open).mockImplementation(realOpen);
  rmSync(folder, { recursive: true });
});

function put(sink: FileSink, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write([Buffer.from(text)], (error) => (error ? reject(error) : resolve()));
  });
}

/** Does something to the handle of each file that a test opens. */
function atOpen(change: (handle: FileHandle) => void): void {
  vi.mocked(open).mockImplementation(async (...args) => {
    const handle = await realOpen(...args);
    change(handle);
    return handle;
  });
}

describe('a new file', () => {
  it('is removed when it was never started', async () => {
    const sink = await FileSink.open(file);
    expect(existsSync(file)).toBe(true);
    await sink.close();
    expect(existsSync(file)).toBe(false);
  });

  it('is kept once it was started, even if it is empty', async () => {
    const sink = await FileSink.open(file);
    await sink.start();
    await sink.close();
    expect(readFileSync(file)).toHaveLength(0);
  });

  it('is kept when closing it fails', async () => {
    atOpen((handle) => {
      const close = handle.close.bind(handle);
      handle.close = async () => {
        await close();
        throw Object.assign(new Error('disk quota exceeded'), { code: 'EDQUOT' });
      };
    });
    const sink = await FileSink.open(file);
    await sink.start();
    await put(sink, 'partial');
    await expect(sink.close()).rejects.toMatchObject({ code: 'EDQUOT' });
    expect(readFileSync(file, 'utf8')).toBe('partial');
  });

  it('is refused in a folder that does not exist', async () => {
    await expect(FileSink.open(join(folder, 'no', 'out.bin'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

describe('an existing file', () => {
  it('is refused, and not changed', async () => {
    writeFileSync(file, 'precious');
    await expect(FileSink.open(file)).rejects.toMatchObject({
      code: 'output-exists',
      message: 'already exists',
      remedies: ['choose-another-name', 'append', 'overwrite'],
    });
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  it('is not changed before the start, with overwrite either', async () => {
    writeFileSync(file, 'precious');
    const sink = await FileSink.open(file, { overwrite: true });
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  it('is replaced completely with overwrite', async () => {
    writeFileSync(file, 'precious and long');
    const sink = await FileSink.open(file, { overwrite: true });
    await sink.start();
    await put(sink, 'new');
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it('is appended to with append, after the data that another program appends', async () => {
    writeFileSync(file, 'precious');
    const sink = await FileSink.open(file, { append: true });
    await sink.start();
    await put(sink, ', new');
    writeFileSync(file, ', theirs', { flag: 'a' });
    await put(sink, ', more');
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe('precious, new, theirs, more');
  });

  it('is created with append if it does not exist', async () => {
    const sink = await FileSink.open(file, { append: true });
    await sink.start();
    await put(sink, 'new');
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe('new');
  });
});

describe('a link', () => {
  it('is followed to its target', async () => {
    writeFileSync(file, 'precious');
    const link = join(folder, 'link');
    symlinkSync(file, link);
    await expect(FileSink.open(link)).rejects.toThrow('already exists');
    const sink = await FileSink.open(link, { overwrite: true });
    await sink.start();
    await put(sink, 'new');
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it.each([
    {},
    { overwrite: true },
    { append: true },
  ])('without a target is refused with %j', async (options) => {
    const link = join(folder, 'link');
    symlinkSync('nowhere', link);
    await expect(FileSink.open(link, options)).rejects.toMatchObject({
      code: 'output-unsuitable',
      message: 'is a link to nowhere, which does not exist',
      remedies: ['create-link-target'],
    });
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });
});

describe('a file of another kind', () => {
  it('is refused when it is a directory', async () => {
    await expect(FileSink.open(folder, { overwrite: true })).rejects.toMatchObject({
      message: 'is a directory',
      remedies: ['name-file-in-directory'],
    });
  });

  it('is refused when it is a socket', async () => {
    const server = createServer().listen(file);
    try {
      await expect(FileSink.open(file, { overwrite: true })).rejects.toMatchObject({
        message: 'is a socket',
        remedies: ['name-file-or-device'],
      });
    } finally {
      server.close();
    }
  });

  it('is refused when it is in use for something else', async () => {
    writeFileSync(file, 'precious');
    const isTaken = () => true;
    await expect(FileSink.open(file, { overwrite: true, isTaken })).rejects.toMatchObject({
      code: 'output-unsuitable',
      message: 'is in use for something else',
      remedies: ['choose-another-name'],
    });
    const sink = await FileSink.open(file, { overwrite: true, isTaken: () => false });
    await sink.close();
  });

  it('is refused when it is a block device, without overwrite', async () => {
    const disk = Object.create(await stat('/dev/null'), {
      isCharacterDevice: { value: () => false },
      isBlockDevice: { value: () => true },
    });
    vi.mocked(stat).mockResolvedValueOnce(disk).mockResolvedValueOnce(disk);
    await expect(FileSink.open('/dev/null')).rejects.toMatchObject({
      code: 'output-exists',
      message: 'is a disk (a block device)',
      remedies: ['choose-another-name', 'overwrite'],
    });
    const sink = await FileSink.open('/dev/null', { overwrite: true });
    await sink.close();
  });

  it('is written when it is a character device', async () => {
    const sink = await FileSink.open('/dev/null');
    await sink.start();
    await put(sink, 'gone');
    await sink.close();
    expect(existsSync('/dev/null')).toBe(true);
  });
});

describe('with regularOnly, a file', () => {
  it('is refused when it is of another kind', async () => {
    await expect(FileSink.open('/dev/null', { regularOnly: true })).rejects.toMatchObject({
      message: 'is a FIFO or a device',
      remedies: ['name-regular-file'],
    });
    execFileSync('mkfifo', [file]);
    await expect(FileSink.open(file, { regularOnly: true, overwrite: true })).rejects.toThrow(
      'is a FIFO',
    );
  });

  it('is written when it is new, or with overwrite', async () => {
    await (await FileSink.open(file, { regularOnly: true })).close();
    writeFileSync(file, 'precious');
    await expect(FileSink.open(file, { regularOnly: true })).rejects.toMatchObject({
      message: 'already exists',
      remedies: ['choose-another-name', 'append', 'overwrite'],
    });
    const sink = await FileSink.open(file, { regularOnly: true, overwrite: true });
    await sink.start();
    await put(sink, 'new');
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe('new');
  });
});

describe('a FIFO', () => {
  beforeEach(() => {
    execFileSync('mkfifo', [file]);
  });

  it('is opened once it has a reader, and written in blocking mode', async () => {
    const opening = FileSink.open(file);
    const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const sink = await opening;
    await sink.start();
    const written = put(sink, 'x'.repeat(200_000));
    const chunk = Buffer.alloc(100_000);
    let sum = 0;
    while (sum < 200_000) {
      try {
        sum += readSync(reader, chunk);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    await written;
    await sink.close();
    closeSync(reader);
    expect(sum).toBe(200_000);
  });

  it('has a few bytes at once, and its end once the sink is closed', async () => {
    const opening = FileSink.open(file);
    const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const sink = await opening;
    await sink.start();
    const chunk = Buffer.alloc(100);
    const written = put(sink, 'a few bytes');
    expect(chunk.toString('latin1', 0, readSync(reader, chunk))).toBe('a few bytes');
    await written;
    expect(() => readSync(reader, chunk)).toThrow('EAGAIN');
    await sink.close();
    expect(readSync(reader, chunk)).toBe(0); // a descriptor that stays open would keep it from ending
    closeSync(reader);
  });

  it('without a reader is given up when the signal is aborted', async () => {
    const controller = new AbortController();
    const opening = FileSink.open(file, { signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('with sync', () => {
  it('calls fsync before it closes the file', async () => {
    const sink = await FileSink.open(file, { sync: true });
    await sink.start();
    await put(sink, 'safe');
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe('safe');
  });

  it('reports an fsync that fails, and closes the file', async () => {
    const close = vi.fn();
    atOpen((handle) => {
      close.mockImplementation(handle.close.bind(handle));
      handle.close = close;
    });
    const sink = await FileSink.open('/dev/null', { sync: true }); // which cannot: EINVAL
    await sink.start();
    await expect(sink.close()).rejects.toMatchObject({ code: 'EINVAL' });
    expect(close).toHaveBeenCalledTimes(1);
  });
});
