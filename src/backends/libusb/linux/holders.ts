import { join } from 'node:path';
import { readLink, readNames, readText } from './attributes.js';
import type { SystemFiles } from './paths.js';

/** A process that has a file open. */
export interface Holder {
  readonly pid: number;
  /** Its command line, or its name if it has none: printable ASCII, and … if it is shortened. */
  readonly command: string;
}

/** The maximum number of characters of a command to show. */
const MAX_COMMAND = 60;

/** The maximum number of processes that a message names. */
const MAX_NAMED = 4;

/**
 * Finds the other processes that have a file open, as far as this user may see them. Reads every
 * descriptor of every process, so it is for failures and diagnosis only.
 */
export function holdersOf(
  file: string,
  { proc }: Pick<SystemFiles, 'proc'>,
  self = process.pid,
): Holder[] {
  return (readNames(proc) ?? [])
    .filter((name) => /^\d+$/.test(name) && Number(name) !== self)
    .filter((pid) => hasOpen(join(proc, pid, 'fd'), file))
    .map((pid) => ({ pid: Number(pid), command: commandOf(join(proc, pid)) }))
    .sort((a, b) => a.pid - b.pid);
}

function hasOpen(descriptors: string, file: string): boolean {
  return (readNames(descriptors) ?? []).some(
    (descriptor) => readLink(join(descriptors, descriptor)) === file,
  );
}

/**
 * Returns the command of a process, which may contain any bytes (proc_pid_cmdline(5)): the name of the
 * program without its folder, and the arguments.
 */
function commandOf(folder: string): string {
  const [program = '', ...rest] = (readText(join(folder, 'cmdline')) ?? '').split('\0');
  const line = [program.replace(/^\S*\/(?=.)/, ''), ...rest].join(' ').trimEnd();
  const text = line || (readText(join(folder, 'comm')) ?? '').trimEnd();
  const shown = text.length > MAX_COMMAND ? text.slice(0, MAX_COMMAND - 1) : text;
  return (shown.replace(/[^ -~]/g, '?') || '?') + (shown === text ? '' : '…');
}

/** Formats holders for a sentence: `usbxfer (PID 12), other (PID 34)`. */
export function nameHolders(holders: readonly Holder[]): string {
  const names = holders
    .slice(0, MAX_NAMED)
    .map(({ command, pid }) => `${command} (PID ${pid})`)
    .join(', ');
  return holders.length > MAX_NAMED ? `${names}, …` : names;
}

/**
 * Returns the message that another process holds an interface. If several processes have the device
 * file open, it is unknown which of them holds the interface.
 */
export function heldByProcess(interfaceNumber: number, holders: readonly Holder[]): string {
  const held = `interface ${interfaceNumber} is held by another process`;
  switch (holders.length) {
    case 0:
      return held;
    case 1:
      return `${held}: ${nameHolders(holders)}`;
    default:
      return `${held}, one of ${nameHolders(holders)}`;
  }
}
