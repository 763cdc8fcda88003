import { closeSync, constants, fstatSync, open, openSync, readFileSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { FdSource } from './fd-source.js';
import type { Source } from './source.js';
import { discardBytes as readPast } from './source.js';
import type { StreamKind } from './stream-source.js';

const { O_NOCTTY, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** The unit of a disk's size in sysfs, whatever the disk's own is, in bytes. */
const SECTOR = 512;

/** How to begin with an input. */
export interface SourceOptions {
  /** Bytes at the beginning to pass over. */
  readonly skip?: number | undefined;
  /** Ends the wait for these. */
  readonly signal?: AbortSignal | undefined;
}

/** The input is nothing to read from, or has too little. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** What to do about it, where there is something; the message says only what is wrong. */
  readonly advice: string | undefined;

  constructor(message: string, advice?: string) {
    super(message);
    this.advice = advice;
  }
}

/**
 * Opens a file, a FIFO or a device by name. That never waits: the first read does, for the writer of
 * a FIFO.
 *
 * @throws InputError for what cannot be read, or ends before what is to be skipped; the reason of
 *   `signal` when that aborted; whatever the system says otherwise
 */
export async function openSource(path: string, options: SourceOptions = {}): Promise<Source> {
  const existing = await stat(path);
  refuseDirectory(existing);
  if (existing.isSocket()) {
    throw new InputError('is a socket', 'name a file, a FIFO or a device');
  }
  const size = sizeOf(existing);
  const { skip = 0 } = options;
  requireBytes(size, skip);
  // A disk without a medium tells so only to those who would wait for it.
  const nonBlocking = existing.isBlockDevice() ? 0 : O_NONBLOCK;
  const fd = await promisify(open)(path, O_RDONLY | O_NOCTTY | nonBlocking);
  if (size !== undefined) {
    return new FdSource(fd, { position: skip, size: size - skip, owned: true });
  }
  const isTerminal = isatty(fd);
  const source = mayWait(existing, isTerminal)
    ? await streamSource(fd, { isTerminal })
    : new FdSource(fd, { owned: true });
  return begin(source, options);
}

/**
 * A source on a descriptor that was inherited, such as stdin's, at the offset where it is. Of a file
 * the offset moves along, as other processes may go on there: so what is skipped is read as well.
 * Flags, which they share too, stay as they are, where the system has a way to do without: Linux has,
 * but for sockets and somebody else's terminal.
 *
 * @throws as `openSource` does
 */
export async function inheritedSource(fd: number, options: SourceOptions = {}): Promise<Source> {
  const existing = fstatSync(fd);
  refuseDirectory(existing);
  const isTerminal = isatty(fd);
  if (mayWait(existing, isTerminal)) {
    const own = reopen(fd, existing);
    const mayBlock = isTerminal && own === undefined;
    return begin(await streamSource(own ?? fd, { isTerminal, mayBlock }), options);
  }
  const offset = offsetOf(fd);
  if (existing.isCharacterDevice()) {
    const own = offset === 0 ? reopen(fd, existing) : undefined;
    return begin(new FdSource(own ?? fd, { owned: own !== undefined }), options);
  }
  const end = sizeOf(existing);
  const size = end === undefined || offset === undefined ? undefined : Math.max(end - offset, 0);
  return begin(new FdSource(fd, { size }), options);
}

/** Passes over what is to be skipped. */
async function begin(source: Source, { skip = 0, signal }: SourceOptions): Promise<Source> {
  try {
    requireBytes(source.size, skip);
    requireBytes(await readPast(source, skip, signal), skip);
  } catch (error) {
    await source.close();
    throw error;
  }
  return source;
}

/** Loaded for what needs it: most of the time goes into Node's own streams. */
async function streamSource(fd: number, kind: StreamKind): Promise<Source> {
  const { StreamSource } = await import('./stream-source.js');
  return new StreamSource(fd, kind);
}

/** Whether reads may wait for ever, in a way that Node can be told of the end of (not on Windows). */
function mayWait(existing: Stats, isTerminal: boolean): boolean {
  return (existing.isFIFO() || existing.isSocket() || isTerminal) && platform() !== 'win32';
}

/**
 * Opens what a descriptor is open on once more, so that it does not block: O_NONBLOCK on the given one
 * would hold for everybody who shares it. Undefined where there is no way to.
 */
function reopen(fd: number, existing: Stats): number | undefined {
  const path = `/proc/self/fd/${fd}`;
  try {
    const own = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    try {
      if (existing.isFIFO()) {
        // epoll tells the end of a FIFO only to those who were there before its last writer left.
        closeSync(openSync(path, O_WRONLY | O_NONBLOCK));
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
    throw new InputError('is a directory', 'name a file in it');
  }
}

/** @throws InputError when there are fewer bytes than are to be skipped */
function requireBytes(existing: number | undefined, skip: number): void {
  if (existing !== undefined && existing < skip) {
    throw new InputError(`has ${existing} bytes, fewer than the ${skip} that are to be skipped`);
  }
}

/**
 * Where a file or disk ends, in bytes; undefined when nobody knows. What the kernel makes up when it is
 * read, as in /proc, seems to be empty.
 */
function sizeOf(existing: Stats): number | undefined {
  if (existing.isBlockDevice()) {
    return sizeOfDisk(existing.rdev);
  }
  return existing.isFile() && existing.size > 0 ? existing.size : undefined;
}

function sizeOfDisk(device: number): number | undefined {
  // As glibc's makedev(3) puts them together.
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  try {
    return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'latin1')) * SECTOR;
  } catch {
    return undefined;
  }
}

/** Where the next read of a descriptor begins; undefined off Linux. */
function offsetOf(fd: number): number | undefined {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
    const offset = /^pos:\s*(\d+)$/m.exec(info)?.[1];
    return offset === undefined ? undefined : Number(offset);
  } catch {
    return undefined;
  }
}
