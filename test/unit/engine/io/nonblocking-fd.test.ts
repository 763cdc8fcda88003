import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fdInfo, reopenNonBlocking } from '../../../../src/engine/io/nonblocking-fd.js';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const ACCESS_MODE = constants.O_RDONLY | constants.O_WRONLY | constants.O_RDWR;

let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nonblocking-fd-'));
  file = join(folder, 'file');
  writeFileSync(file, '0123456789');
});

afterEach(() => rmSync(folder, { recursive: true }));

describe.skipIf(process.platform !== 'linux')('a descriptor', () => {
  it('has an offset and flags', () => {
    const fd = openSync(file, 'r+');
    readSync(fd, Buffer.alloc(3));
    const { position, flags = 0 } = fdInfo(fd) ?? {};
    expect([position, flags & ACCESS_MODE]).toEqual([3, constants.O_RDWR]);
    closeSync(fd);
    expect(fdInfo(fd)).toBeUndefined();
  });

  it.each([
    O_RDONLY,
    O_WRONLY,
  ])('is reopened without blocking, and stays as it is (%i)', (access) => {
    const fd = openSync(file, 'r+');
    const own = reopenNonBlocking(fd, access);
    const flags = [own, fd].map((each) => (fdInfo(each)?.flags ?? 0) & (O_NONBLOCK | ACCESS_MODE));
    expect(flags).toEqual([access | O_NONBLOCK, constants.O_RDWR]);
    closeSync(own);
    closeSync(fd);
  });
});
