import { constants, existsSync, fstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fdInfo } from '../../engine/io/nonblocking-fd.js';

/*
 * How the process was started, by the traces that are left of it in Node. Descriptors show theirs
 * on Linux alone, in /proc.
 */

const ACCESS_MODE = constants.O_RDONLY | constants.O_WRONLY | constants.O_RDWR;

/**
 * Whether stdout was closed at the start (`>&-`). Node then puts a /dev/null in its place, so that
 * no other file becomes descriptor 1: one for reading as well, which `> /dev/null` is not. A parent
 * may hand over such a one (Python's DEVNULL is), and looks the same.
 */
export function isStdoutClosed(): boolean {
  return isNullDevice(1, constants.O_RDWR);
}

/**
 * Whether stdin was closed at the start (`<&-`), where Node puts such a /dev/null as well: `< /dev/null`
 * is for reading only. What nohup(1) puts in place of a terminal is for writing only, and as good as
 * closed.
 */
export function isStdinClosed(): boolean {
  return isNullDevice(0, constants.O_RDWR) || isNullDevice(0, constants.O_WRONLY);
}

/**
 * Whether nohup(1) started the process. Node gives up the ignored SIGHUP that it inherits, but there
 * are two other traces. bash, ksh and zsh put the path of the program that they start into the
 * environment, as `_`, where nohup leaves it. And nohup replaces a terminal as stdin: by a /dev/null
 * that is for writing only, which nothing else is likely to do.
 */
export function isUnderNohup(): boolean {
  return basename(process.env['_'] ?? '') === 'nohup' || isNullDevice(0, constants.O_WRONLY);
}

/**
 * Whether a descriptor is open, and not one of Node's own: those are nameless inodes, and pipes of
 * which it has both ends.
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
  return !link.startsWith('anon_inode:') && !(link.startsWith('pipe:') && twice && fd > 2);
}

/** What each descriptor is open on; none off Linux. */
function linksOfDescriptors(): Map<number, string> {
  const links = new Map<number, string>();
  const folder = '/proc/self/fd';
  for (const fd of existsSync(folder) ? readdirSync(folder) : []) {
    try {
      links.set(Number(fd), readlinkSync(`${folder}/${fd}`));
    } catch {
      // It was open for the listing only.
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
 * Names of stdin and stdout. The system's own ways to open them are no good: a file would be read or
 * written from its beginning again, and a socket not at all.
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
