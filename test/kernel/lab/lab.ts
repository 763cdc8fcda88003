import { mkdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, inject } from 'vitest';
import { Guest, type GuestOptions, type GuestResult } from './guest.js';

export type { GuestResult } from './guest.js';

const connections = inject('kernelLab');
let lab: { readonly guest: Guest; readonly lock: string } | undefined;

// A guest serves one file at a time.
afterAll(() => {
  lab?.guest.close();
  if (lab !== undefined) {
    rmdirSync(lab.lock);
  }
});

/** `describe` for tests that need the guest; they are skipped without one. */
export const describeInLab = describe.skipIf(connections.length === 0);

/** Runs a bash script in the guest; see `Guest.run`. */
export async function guest(script: string, options?: GuestOptions): Promise<GuestResult> {
  lab ??= await takeGuest();
  return lab.guest.run(script, options);
}

/** Takes a guest that no other file uses. */
async function takeGuest(): Promise<NonNullable<typeof lab>> {
  if (connections.length === 0) {
    throw new Error('The kernel lab is not running; use describeInLab.');
  }
  for (;;) {
    for (const connection of connections) {
      const lock = join(dirname(connection.socket), 'taken');
      if (tryLock(lock)) {
        const guest = new Guest(connection);
        await guest.run('rm -rf /run/scratch/*');
        return { guest, lock };
      }
    }
    await sleep(100);
  }
}

/** Creates a directory; returns false if it exists. */
function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}
