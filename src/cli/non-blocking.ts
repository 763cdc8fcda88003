import { constants, fstatSync, openSync } from 'node:fs';

/**
 * A descriptor for what is written to another one, which does not block when that is full; undefined
 * where the system has no way to get one: for a socket, somebody else's terminal, off Linux.
 *
 * It is one of its own: O_NONBLOCK on the given one would hold for everybody who shares it.
 */
export function nonBlocking(fd: number): number | undefined {
  try {
    if (fstatSync(fd).isFile()) {
      return fd; // takes everything; one of its own would write from the file's beginning
    }
    const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}
