import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A process that has a file open. */
export interface Holder {
  readonly pid: number;
  /** What it calls itself, in printable ASCII. */
  readonly command: string;
}

/** Characters of a command that are told; the kernel keeps 15 of an ordinary process. */
const LONGEST_COMMAND = 32;

/**
 * The other processes that have a file open, as far as this user may see. Looks at every descriptor
 * of every process: for failures, not for every day.
 *
 * @param root another folder of the form of /proc, for tests
 */
export function holdersOf(file: string, root = '/proc', self = process.pid): Holder[] {
  return entries(root)
    .filter((name) => /^\d+$/.test(name) && Number(name) !== self)
    .filter((pid) => hasOpen(join(root, pid, 'fd'), file))
    .map((pid) => ({ pid: Number(pid), command: commandOf(join(root, pid)) }))
    .sort((a, b) => a.pid - b.pid);
}

function hasOpen(descriptors: string, file: string): boolean {
  return entries(descriptors).some((descriptor) => {
    try {
      return readlinkSync(join(descriptors, descriptor)) === file;
    } catch {
      return false; // closed meanwhile
    }
  });
}

/** Any process may call itself anything. */
function commandOf(folder: string): string {
  try {
    const text = readFileSync(join(folder, 'comm'), 'utf8').trimEnd().slice(0, LONGEST_COMMAND);
    return text.replace(/[^ -~]/g, '?') || '?';
  } catch {
    return '?';
  }
}

/** Empty for a folder that is gone, or not for this user to see. */
function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
