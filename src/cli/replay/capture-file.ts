import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inheritedSource, openSource } from '../../engine/io/open-source.js';
import { readUpTo, type Source } from '../../engine/io/source.js';
import type { ReadAt } from '../../pcapng/file-window.js';
import { STDIN_NAMES } from '../session/startup-fds.js';
import { STDIN } from '../terminal/stdio.js';

/** Bytes to copy at once. */
const CHUNK = 1024 * 1024;

/**
 * Opens a capture file, which stays open until the end of the process. A pipe is first copied to a
 * temporary file without a name: only at its end it is known which devices are in it.
 *
 * @param name `-` is stdin
 * @param signal ends the copying
 * @throws the system error, an InputError, or the reason of `signal`
 */
export async function openCapture(name: string, signal?: AbortSignal): Promise<ReadAt> {
  const isStdin = STDIN_NAMES.has(name);
  const fd = isStdin ? STDIN : openRegular(name);
  if (fd !== undefined && fstatSync(fd).isFile()) {
    return readerOf(fd);
  }
  const source = isStdin ? await inheritedSource(STDIN) : await openSource(name);
  try {
    return readerOf(await copyToTemporaryFile(source, signal));
  } finally {
    await source.close();
  }
}

/** Opens a regular file; returns undefined for anything else, whose opening may wait. */
function openRegular(name: string): number | undefined {
  return statSync(name).isFile() ? openSync(name, 'r') : undefined;
}

function readerOf(fd: number): ReadAt {
  return (into, position) => {
    let length = 0;
    for (let read = -1; read !== 0 && length < into.length; length += read) {
      read = readSync(fd, into, length, into.length - length, position + length);
    }
    return length;
  };
}

async function copyToTemporaryFile(source: Source, signal?: AbortSignal): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  const fd = openSync(join(folder, 'capture'), 'wx+', 0o600);
  rmSync(folder, { recursive: true });
  try {
    const chunk = Buffer.allocUnsafeSlow(CHUNK);
    for (let read = CHUNK; read === CHUNK; ) {
      read = await readUpTo(source, chunk, signal);
      for (let written = 0; written < read; ) {
        written += writeSync(fd, chunk, written, read - written);
      }
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
