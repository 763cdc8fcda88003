import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { accessMode, STDOUT } from './stdio.js';

/**
 * Whether a process can read from the pipe on stdout, from /proc on Linux; undefined if stdout is not a
 * pipe, or if this user may not inspect a process that could be its reader. Only a write would tell it
 * otherwise.
 */
export function isStdoutRead(): boolean | undefined {
  const pipe = linkOf('self', STDOUT);
  if (!pipe?.startsWith('pipe:')) {
    return undefined;
  }
  const session = sessionOf('self');
  let isKnown = true;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const reads = canRead(pid, pipe);
    if (reads) {
      return true;
    }
    // The processes of a pipeline are in one session.
    isKnown &&= reads !== undefined || sessionOf(pid) !== session;
  }
  return isKnown ? false : undefined;
}

/** Whether a process has a descriptor that reads from a pipe; undefined if it may not be inspected. */
function canRead(pid: string, pipe: string): boolean | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(
      (fd) => linkOf(pid, fd) === pipe && accessMode(Number(fd), pid) !== constants.O_WRONLY,
    );
  } catch (error) {
    // Otherwise the process has ended.
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? undefined : false;
  }
}

/** The file of a descriptor, such as `pipe:[123]`; undefined if it is closed. */
function linkOf(pid: string, fd: string | number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return undefined;
  }
}

/** The ID of the session of a process; undefined if the process has ended. */
function sessionOf(pid: string): string | undefined {
  try {
    // The name in parentheses may contain anything. Then: state, ppid, pgrp, session.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
  } catch {
    return undefined;
  }
}
