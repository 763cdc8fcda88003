import { closeSync, constants, fstatSync, open, readFileSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { InputError } from './errors.js';
import { FdSource } from './fd-source.js';
import { fdInfo, reopenNonBlocking } from './nonblocking-fd.js';
import { discardBytes, type Source } from './source.js';
import { StreamSource } from './stream-source.js';

const { O_NOCTTY, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** The unit of a disk's size in sysfs in bytes, whatever the sector size of the disk. */
const SECTOR = 512;

/** Where to start reading an input. */
export interface SourceOptions {
  /** Bytes to skip at the beginning. */
  readonly skip?: number | undefined;
  /** Ends the wait for those bytes. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a file, a FIFO or a device by name. Does not wait for the writer of a FIFO: the first read
 * does.
 *
 * @throws InputError for a file that cannot be read, or that is shorter than `skip`; the reason of
 *   `signal` when that aborted; otherwise the system error
 */
export async function openSource(path: string, options: SourceOptions = {}): Promise<Source> {
  const existing = await stat(path);
  refuseDirectory(existing);
  if (existing.isSocket()) {
    throw new InputError('input-unsuitable', 'is a socket', ['name-file-or-device']);
  }
  const size = sizeOf(existing);
  const { skip = 0 } = options;
  requireBytes(size, skip);
  // A drive without a medium reports that only to a blocking open.
  const nonBlocking = existing.isBlockDevice() ? 0 : O_NONBLOCK;
  const fd = await promisify(open)(path, O_RDONLY | O_NOCTTY | nonBlocking);
  if (size !== undefined) {
    return new FdSource(fd, { position: skip, size: size - skip, owned: true });
  }
  const isTerminal = isatty(fd);
  const source = mayBlockForever(existing, isTerminal)
    ? new StreamSource(fd, { isTerminal })
    : new FdSource(fd, { size: sizeOfDevice(existing, isTerminal), owned: true });
  return skipStart(source, options);
}

/**
 * Opens a source on an inherited descriptor, such as stdin's, at its current offset. In a regular
 * file, reads advance that offset, where other processes may continue: skipped bytes are read too.
 * O_NONBLOCK, which other processes share, is left unset if the system allows it: on Linux, except for
 * sockets and another user's terminal.
 *
 * @throws as `openSource`
 */
export async function inheritedSource(fd: number, options: SourceOptions = {}): Promise<Source> {
  const existing = fstatSync(fd);
  refuseDirectory(existing);
  const isTerminal = isatty(fd);
  if (mayBlockForever(existing, isTerminal)) {
    const own = reopen(fd, existing);
    const mayBlock = isTerminal && own === undefined;
    return skipStart(new StreamSource(own ?? fd, { isTerminal, mayBlock }), options);
  }
  const position = fdInfo(fd)?.position;
  if (existing.isCharacterDevice()) {
    const own = position === 0 ? reopen(fd, existing) : undefined;
    const size = sizeOfDevice(existing, isTerminal);
    return skipStart(new FdSource(own ?? fd, { size, owned: own !== undefined }), options);
  }
  const end = sizeOf(existing);
  const size =
    end === undefined || position === undefined ? undefined : Math.max(end - position, 0);
  return skipStart(new FdSource(fd, { size }), options);
}

/** Skips the bytes at the beginning. Closes the source if that fails. */
async function skipStart(source: Source, { skip = 0, signal }: SourceOptions): Promise<Source> {
  try {
    requireBytes(source.size, skip);
    requireBytes(await discardBytes(source, skip, signal), skip);
  } catch (error) {
    await source.close();
    throw error;
  }
  return source;
}

/** Returns whether a read may block forever on a file that Node can wait for (not on Windows). */
function mayBlockForever(existing: Stats, isTerminal: boolean): boolean {
  return (existing.isFIFO() || existing.isSocket() || isTerminal) && platform() !== 'win32';
}

/** Opens the file of a descriptor again, without blocking; returns undefined if that is impossible. */
function reopen(fd: number, existing: Stats): number | undefined {
  try {
    const own = reopenNonBlocking(fd, O_RDONLY);
    try {
      if (existing.isFIFO()) {
        // epoll reports the end of a FIFO only to a reader that was there before its last writer left.
        closeSync(reopenNonBlocking(fd, O_WRONLY));
      }
    } catch (error) {
      closeSync(own);
      throw error;
    }
    return own;
  } catch {
    return undefined;
  }
}

/** @throws InputError */
function refuseDirectory(existing: Stats): void {
  if (existing.isDirectory()) {
    throw new InputError('input-unsuitable', 'is a directory', ['name-file-in-directory']);
  }
}

/** @throws InputError if there are fewer bytes than `skip` */
function requireBytes(existing: number | undefined, skip: number): void {
  if (existing !== undefined && existing < skip) {
    throw new InputError(
      'input-too-short',
      `has ${existing} bytes, fewer than the ${skip} to skip`,
    );
  }
}

/**
 * Returns where a file or disk ends, in bytes; undefined if that is not known. Files that the kernel
 * generates when they are read, as in /proc, report a size of 0.
 */
function sizeOf(existing: Stats): number | undefined {
  if (existing.isBlockDevice()) {
    return sizeOfDisk(existing.rdev);
  }
  return existing.isFile() && existing.size > 0 ? existing.size : undefined;
}

/** Returns the size of a character device, such as /dev/zero: it has no end. A terminal has one. */
function sizeOfDevice(existing: Stats, isTerminal: boolean): number | undefined {
  return existing.isCharacterDevice() && !isTerminal ? Number.POSITIVE_INFINITY : undefined;
}

function sizeOfDisk(device: number): number | undefined {
  // The layout of glibc's makedev(3).
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  try {
    return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'latin1')) * SECTOR;
  } catch {
    return undefined;
  }
}
