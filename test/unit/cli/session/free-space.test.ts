import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { findShortage } from '../../../../src/cli/session/free-space.js';
import { Folder } from '../../../support/folder.js';

const folder = new Folder();
const file = folder.file('old.bin', Buffer.alloc(2 ** 20, 'x'));
const occupied = statSync(file).blocks * 512;

it('finds less free space than needed', async () => {
  const free = async () => 999;
  expect(await findShortage(file, false, 1000, free)).toEqual({ file, free: 999, needed: 1000 });
  expect(await findShortage(file, false, 999, free)).toBeUndefined();
});

it('counts the present contents of a file that is replaced as free', async () => {
  const free = async () => 0;
  expect(await findShortage(file, true, occupied, free)).toBeUndefined();
  expect(await findShortage(file, true, occupied + 1, free)).toMatchObject({ free: occupied });
  expect(await findShortage(file, false, occupied, free)).toMatchObject({ free: 0 });
});

it('finds nothing if the free space is not known', async () => {
  expect(await findShortage(file, false, 1000, async () => undefined)).toBeUndefined();
});

it('finds nothing for a device or a file that is gone', async () => {
  const free = async () => 0;
  expect(await findShortage('/dev/null', false, 1000, free)).toBeUndefined();
  expect(await findShortage(`${file}.gone`, false, 1000, free)).toBeUndefined();
});

it('asks the file system', async () => {
  expect(await findShortage(file, false, 2 ** 62)).toMatchObject({ file, needed: 2 ** 62 });
  expect(await findShortage(file, false, 1)).toBeUndefined();
});
