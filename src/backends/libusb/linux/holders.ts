import { join } from 'node:path';
import { readLink, readNames, readText } from './attributes.js';
import type { SystemFiles } from './paths.js';

/** A process that has a file open. */
export interface Holder {
  readonly pid: number;
  /** The name that it gave itself, in printable ASCII. */
  readonly command: string;
}

/** Characters of a command that are shown; the kernel keeps 15 of an ordinary process. */
const MAX_COMMAND = 32;

/** Processes that a message names; more would not help. */
const MAX_NAMED = 4;

/**
 * Finds the other processes that have a file open, as far as this user may see. Looks at every
 * descriptor of every process: for failures and diagnosis only.
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

/** A process may give itself any name. */
function commandOf(folder: string): string {
  const text = (readText(join(folder, 'comm')) ?? '').trimEnd().slice(0, MAX_COMMAND);
  return text.replace(/[^ -~]/g, '?') || '?';
}

/** Names holders in a sentence: `usbxfer (PID 12), other (PID 34)`. */
export function nameHolders(holders: readonly Holder[]): string {
  const names = holders
    .slice(0, MAX_NAMED)
    .map(({ command, pid }) => `${command} (PID ${pid})`)
    .join(', ');
  return holders.length > MAX_NAMED ? `${names}, …` : names;
}

/**
 * Says that another process holds an interface. The device file does not show which of several that
 * have it open holds which interface.
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
