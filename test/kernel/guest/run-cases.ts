import type { Fixture } from '../../contract/fixture.js';

/** A case that runs in the guest, which has no test runner. It rejects if it fails. */
interface GuestCase<Devices> {
  readonly name: string;
  run(fixture: Devices): Promise<void>;
}

/**
 * Runs cases one after another. Prints one JSON line for each: its name, and the failure or null. Removes
 * the last device after a failure, and at the end.
 */
export async function runCases<Devices extends Fixture & { clear(): void }>(
  cases: readonly GuestCase<Devices>[],
  fixture: Devices,
): Promise<void> {
  for (const { name, run } of cases) {
    let failure: string | null = null;
    try {
      await run(fixture);
    } catch (error) {
      failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
      fixture.clear();
    }
    process.stdout.write(`${JSON.stringify({ name, failure })}\n`);
  }
  fixture.clear();
}
