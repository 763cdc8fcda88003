import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileSink } from '../../src/transfer/file-sink.js';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-sink-'));
  file = join(folder, 'out.bin');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('removes a file that it made for nothing', async () => {
  const sink = await FileSink.open(file, false);
  expect(existsSync(file)).toBe(true);
  await sink.close();
  expect(existsSync(file)).toBe(false);
});

it('keeps a file that was started, even when it is empty', async () => {
  const sink = await FileSink.open(file, false);
  await sink.start();
  await sink.close();
  expect(readFileSync(file)).toHaveLength(0);
});

it('leaves an existing file alone until it starts', async () => {
  writeFileSync(file, 'precious');
  const sink = await FileSink.open(file, true);
  await sink.close();
  expect(readFileSync(file, 'utf8')).toBe('precious');
});

it('replaces the whole of an existing file', async () => {
  writeFileSync(file, 'precious and long');
  const sink = await FileSink.open(file, true);
  await sink.start();
  await new Promise<void>((resolve) => sink.write(Buffer.from('new!'), 3, () => resolve()));
  await sink.close();
  expect(readFileSync(file, 'utf8')).toBe('new');
});

it('takes a link for what it points to', async () => {
  writeFileSync(file, 'precious');
  const link = join(folder, 'link');
  symlinkSync(file, link);
  await expect(FileSink.open(link, false)).rejects.toThrow('exists already');
});

it('refuses a link that points nowhere', async () => {
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'nowhere'), link);
  await expect(FileSink.open(link, false)).rejects.toMatchObject({ code: 'ENOENT' });
});
