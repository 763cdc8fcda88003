import { constants, existsSync, fstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { accessMode, isNullDevice, STDERR, STDIN } from '../terminal/stdio.js';

/*
 * How the process was started. Information about descriptors comes from /proc, so it exists on Linux
 * only.
 */

/**
 * Whether stdin was closed at the start (`<&-`): Node then opens /dev/null for reading and writing;
 * `< /dev/null` is open for reading only. nohup(1) replaces a terminal by /dev/null open for writing
 * only, which counts as closed.
 */
export function isStdinClosed(): boolean {
  return isNullDevice(STDIN, constants.O_RDWR) || isNullDevice(STDIN, constants.O_WRONLY);
}

/**
 * Whether nohup(1) started the process. Node resets the ignored SIGHUP that it inherits, but there are
 * two other signs. bash, ksh and zsh set `_` in the environment to the path of the program, and nohup
 * leaves it there. And nohup replaces a terminal on stdin by /dev/null open for writing only.
 */
export function isUnderNohup(): boolean {
  return basename(process.env['_'] ?? '') === 'nohup' || isNullDevice(STDIN, constants.O_WRONLY);
}

/**
 * Whether a descriptor is open and was inherited. Node's own descriptors are anonymous inodes, and
 * pipes of which this process has both ends, neither of them a standard descriptor.
 */
export function isInheritedFd(fd: number): boolean {
  try {
    fstatSync(fd);
  } catch {
    return false;
  }
  const links = linksOfDescriptors();
  const link = links.get(fd) ?? '';
  return !link.startsWith('anon_inode:') && !(link.startsWith('pipe:') && isOwnPipe(link, links));
}

/** @param links the file of each descriptor */
function isOwnPipe(pipe: string, links: ReadonlyMap<number, string>): boolean {
  const ends = [...links.keys()].filter((fd) => links.get(fd) === pipe);
  const modes = new Set(ends.map((fd) => accessMode(fd)));
  return (
    modes.has(constants.O_RDONLY) &&
    modes.has(constants.O_WRONLY) &&
    ends.every((fd) => fd > STDERR)
  );
}

/** The file of each descriptor; none on other systems than Linux. */
function linksOfDescriptors(): Map<number, string> {
  const links = new Map<number, string>();
  const folder = '/proc/self/fd';
  for (const fd of existsSync(folder) ? readdirSync(folder) : []) {
    try {
      links.set(Number(fd), readlinkSync(`${folder}/${fd}`));
    } catch {
      // It was open during the listing only.
    }
  }
  return links;
}

/*
 * The names of stdin and stdout. The descriptors are used instead of these names: opening a file by
 * such a name would start at its beginning, and opening a socket fails.
 */

export const STDIN_NAMES: ReadonlySet<string> = new Set([
  '-',
  '/dev/stdin',
  '/dev/fd/0',
  '/proc/self/fd/0',
]);

export const STDOUT_NAMES: ReadonlySet<string> = new Set([
  '-',
  '/dev/stdout',
  '/dev/fd/1',
  '/proc/self/fd/1',
]);
