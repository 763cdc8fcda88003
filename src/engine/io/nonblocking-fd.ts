import { constants, openSync, readFileSync } from 'node:fs';

const { O_NOCTTY, O_NONBLOCK } = constants;

/**
 * Opens the file of a descriptor again, in non-blocking mode. Setting O_NONBLOCK on the descriptor
 * itself would affect every process that shares it.
 *
 * @param access O_RDONLY or O_WRONLY
 * @throws if the system cannot do that: for a socket, for another user's terminal, outside Linux
 */
export function reopenNonBlocking(fd: number, access: number): number {
  return openSync(`/proc/self/fd/${fd}`, access | O_NONBLOCK | O_NOCTTY);
}

/** The state of an open descriptor. */
interface FdInfo {
  /** The offset of the next read or write, in bytes. */
  readonly position: number;
  /** The flags it was opened with: O_RDONLY, O_WRONLY, O_RDWR and so on. */
  readonly flags: number;
}

/**
 * Returns the state of a descriptor; undefined outside Linux.
 *
 * @param process the ID of another process that has it
 */
export function fdInfo(fd: number, process = 'self'): FdInfo | undefined {
  try {
    const text = readFileSync(`/proc/${process}/fdinfo/${fd}`, 'latin1');
    const position = /^pos:\s*(\d+)$/m.exec(text)?.[1];
    const flags = /^flags:\s*([0-7]+)$/m.exec(text)?.[1];
    return position === undefined || flags === undefined
      ? undefined
      : { position: Number(position), flags: Number.parseInt(flags, 8) };
  } catch {
    return undefined;
  }
}
