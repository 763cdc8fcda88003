import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { isatty } from 'node:tty';
import { STDERR, STDOUT } from './stdio.js';

/*
 * What a terminal shows, from /proc on Linux. Without an answer from /proc, the process is assumed to
 * be in the foreground, and its data to go elsewhere.
 */

/** The maximum number of processes of a pipeline through which to follow the data. */
const MAX_PIPELINE = 16;

/** Whether this process is in the foreground of its terminal, and so may draw on it. */
export function isInForeground(): boolean {
  try {
    // The name in parentheses may contain anything. Then: state, ppid, pgrp, session, tty, tpgid.
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [group, foreground] = [fields[2], fields[5]];
    return foreground === group || foreground === '-1'; // -1: no controlling terminal
  } catch {
    return true;
  }
}

/**
 * Whether a path names a terminal. Opens character devices only: closing a FIFO would signal the end
 * of the data to its reader.
 */
export function isTerminal(path: string): boolean {
  const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
  try {
    if (!statSync(path).isCharacterDevice()) {
      return false;
    }
    const fd = openSync(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    try {
      return isatty(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

/**
 * Whether data on stdout reaches the terminal on stderr, directly or through the other processes of
 * a pipeline: `| xxd`, `| less`.
 */
export function showsStdout(): boolean {
  return isatty(STDOUT) || leadsTo(linkOf('self', STDOUT), linkOf('self', STDERR));
}

function leadsTo(pipe: string, terminal: string): boolean {
  let from = new Set(isPipe(pipe) ? [pipe] : []);
  for (let step = 0; step < MAX_PIPELINE && from.size > 0; step += 1) {
    const reached = outputsOfReaders(from);
    if (reached.has(terminal)) {
      return true;
    }
    from = new Set([...reached].filter(isPipe));
  }
  return false;
}

/** The stdout of every process whose stdin is one of these pipes. */
function outputsOfReaders(pipes: ReadonlySet<string>): Set<string> {
  const outputs = new Set<string>();
  for (const pid of readdirSync('/proc')) {
    if (/^\d+$/.test(pid) && pipes.has(linkOf(pid, 0))) {
      outputs.add(linkOf(pid, STDOUT));
    }
  }
  return outputs;
}

function isPipe(link: string): boolean {
  return link.startsWith('pipe:');
}

/** The file of a descriptor, such as `/dev/pts/0` or `pipe:[123]`; empty if it cannot be read. */
function linkOf(pid: string, fd: number): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return '';
  }
}
