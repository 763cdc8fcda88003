import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileSink } from '../../../../src/engine/io/file-sink.js';
import { canReserve } from '../../../support/fallocate.js';
import { Folder } from '../../../support/folder.js';

const RESERVED = 8 * 2 ** 20;
/** More than any file can have. */
const IMPOSSIBLE = 2 ** 53 - 1;

const folder = new Folder();
let file = '';
let number = 0;
beforeEach(() => {
  number += 1;
  file = join(folder.path, `out${number}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** The space that the file occupies, in bytes. */
function allocated(): number {
  return statSync(file).blocks * 512;
}

function put(sink: FileSink, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write([Buffer.from(text)], (error) => (error ? reject(error) : resolve()));
  });
}

describe.runIf(canReserve)('a file with reserved space', () => {
  it('occupies the space from the start, has the length of its data, and releases the rest', async () => {
    const sink = await FileSink.open(file, { reserve: RESERVED });
    expect([allocated() >= RESERVED, statSync(file).size]).toEqual([true, 0]);
    await sink.start();
    await put(sink, 'data');
    expect([allocated() >= RESERVED, statSync(file).size]).toEqual([true, 4]);
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe('data');
    expect(allocated()).toBeLessThan(RESERVED / 8);
  });

  it('is removed if it was never started', async () => {
    const sink = await FileSink.open(file, { reserve: RESERVED });
    await sink.close();
    expect(existsSync(file)).toBe(false);
  });

  it('keeps its data until the start if it is overwritten', async () => {
    writeFileSync(file, 'old');
    const unused = await FileSink.open(file, { overwrite: true, reserve: RESERVED });
    expect(allocated()).toBeGreaterThanOrEqual(RESERVED);
    await unused.close();
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(allocated()).toBeLessThan(RESERVED / 8);

    const sink = await FileSink.open(file, { overwrite: true, reserve: RESERVED });
    await sink.start();
    expect([allocated() >= RESERVED, statSync(file).size]).toEqual([true, 0]);
    await put(sink, 'new');
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(allocated()).toBeLessThan(RESERVED / 8);
  });

  it('keeps its data and reserves the space after it if data is appended', async () => {
    writeFileSync(file, Buffer.alloc(RESERVED, 'x'));
    const sink = await FileSink.open(file, { append: true, reserve: RESERVED });
    await sink.start();
    expect(allocated()).toBeGreaterThanOrEqual(2 * RESERVED);
    await put(sink, 'y');
    await sink.close();
    expect(statSync(file).size).toBe(RESERVED + 1);
    expect(allocated()).toBeLessThan(1.5 * RESERVED);
  });

  it('is not created if the space cannot be reserved', async () => {
    await expect(FileSink.open(file, { reserve: IMPOSSIBLE })).rejects.toMatchObject({
      code: 'cannot-reserve',
      message: expect.stringMatching(/^cannot reserve 9007199254740991 bytes: [A-Z]\w+ /),
      remedies: ['reserve-nothing'],
    });
    expect(existsSync(file)).toBe(false);
  });

  it('is unchanged if the space cannot be reserved', async () => {
    writeFileSync(file, 'old');
    const options = { overwrite: true, reserve: IMPOSSIBLE };
    await expect(FileSink.open(file, options)).rejects.toMatchObject({ code: 'cannot-reserve' });
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(allocated()).toBeLessThan(RESERVED / 8);
  });
});

it('cannot be reserved without the program fallocate', async () => {
  vi.stubEnv('PATH', folder.path);
  await expect(FileSink.open(file, { reserve: RESERVED })).rejects.toMatchObject({
    code: 'cannot-reserve',
    message: expect.stringContaining('the program fallocate (of util-linux) is not available'),
  });
  expect(existsSync(file)).toBe(false);
});

it('cannot be reserved on a device', async () => {
  await expect(FileSink.open('/dev/null', { reserve: RESERVED })).rejects.toMatchObject({
    code: 'output-unsuitable',
    remedies: ['name-regular-file'],
  });
});
