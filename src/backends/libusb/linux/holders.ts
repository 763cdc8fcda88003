import { join } from 'node:path';
import { readLink, readNames, readText } from './attributes.js';
import type { SystemFiles } from './paths.js';

/** A process that has a file open. */
export interface Holder {
  readonly pid: number;
  /** The name of the process, in printable ASCII. */
  readonly command: string;
}

/** The maximum number of characters of a command to show; the kernel keeps 15 for most processes. */
const MAX_COMMAND = 32;

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

/** Returns the name of a process, which may contain any bytes. */
function commandOf(folder: string): string {
  const text = (readText(join(folder, 'comm')) ?? '').trimEnd().slice(0, MAX_COMMAND);
  return text.replace(/[^ -~]/g, '?') || '?';
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
