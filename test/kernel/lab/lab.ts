import { describe, inject } from 'vitest';
import { Guest, type GuestOptions, type GuestResult } from './guest.js';

export type { GuestResult } from './guest.js';

// Vitest numbers its workers from 1.
const connection = inject('kernelLab')[Number(process.env['VITEST_POOL_ID']) - 1];
const lab = connection && new Guest(connection);

/** `describe` for tests that need the guest; they are skipped without one. */
export const describeInLab = describe.skipIf(!connection);

/** Runs a bash script in the guest; see `Guest.run`. */
export async function guest(script: string, options?: GuestOptions): Promise<GuestResult> {
  if (!lab) throw new Error('The kernel lab is not running; use describeInLab.');
  return lab.run(script, options);
}
