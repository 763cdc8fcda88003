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

/*
 * Which terminal shows what. Node tells hardly anything about that; Linux does, in /proc, and where
 * it does not the answer is no, or, for the foreground, yes.
 */

const STDOUT = 1;
const STDERR = 2;

/** Processes that data is followed through at the most. */
const LONGEST_PIPELINE = 16;

/** Whether this process is in the foreground of its terminal: nothing else is to write there. */
export function isInForeground(): boolean {
  try {
    // The name in parentheses may hold anything; behind it come state, ppid, pgrp, session, tty, tpgid.
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [group, foreground] = [fields[2], fields[5]];
    return foreground === group || foreground === '-1'; // -1: there is no controlling terminal
  } catch {
    return true;
  }
}

/**
 * Whether a file by name is a terminal. Nothing else is opened: a reader that waits at a FIFO would
 * take the closing for the end of the data.
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
 * Whether what is written to stdout reaches the terminal that is stderr, directly or by way of the
 * other processes of a pipeline: `| xxd`, `| less`.
 */
export function showsStdout(): boolean {
  return isatty(STDOUT) || leadsTo(linkOf('self', STDOUT), linkOf('self', STDERR));
}

function leadsTo(pipe: string, terminal: string): boolean {
  let from = new Set(isPipe(pipe) ? [pipe] : []);
  for (let step = 0; step < LONGEST_PIPELINE && from.size > 0; step += 1) {
    const reached = outputsBehind(from);
    if (reached.has(terminal)) {
      return true;
    }
    from = new Set([...reached].filter(isPipe));
  }
  return false;
}

/** The outputs of all processes that read one of these. */
function outputsBehind(pipes: ReadonlySet<string>): Set<string> {
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

/** What a process has as a descriptor, `/dev/pts/0` or `pipe:[123]`; empty if that is not to be known. */
function linkOf(pid: string, fd: number): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return '';
  }
}
