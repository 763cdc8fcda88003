import { constants, existsSync, fstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fdInfo } from '../../engine/io/nonblocking-fd.js';
import { STDERR, STDIN, STDOUT } from '../terminal/stdio.js';

/*
 * How the process was started. Information about descriptors comes from /proc, so it exists on Linux
 * only.
 */

const ACCESS_MODE = constants.O_RDONLY | constants.O_WRONLY | constants.O_RDWR;

/**
 * Whether stdout was closed at the start (`>&-`). Node then opens /dev/null in its place for reading
 * and writing; `> /dev/null` is open for writing only. A parent that passes such a descriptor (as
 * Python's DEVNULL) looks the same.
 */
export function isStdoutClosed(): boolean {
  return isNullDevice(STDOUT, constants.O_RDWR);
}

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
 * pipes of which this process has both ends.
 */
export function isInheritedFd(fd: number): boolean {
  try {
    fstatSync(fd);
  } catch {
    return false;
  }
  const links = linksOfDescriptors();
  const link = links.get(fd) ?? '';
  const twice = [...links.values()].filter((other) => other === link).length > 1;
  return !link.startsWith('anon_inode:') && !(link.startsWith('pipe:') && twice && fd > STDERR);
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

function isNullDevice(fd: number, accessMode: number): boolean {
  try {
    const info = fdInfo(fd);
    return (
      info !== undefined &&
      (info.flags & ACCESS_MODE) === accessMode &&
      fstatSync(fd).rdev === statSync('/dev/null').rdev
    );
  } catch {
    return false;
  }
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
