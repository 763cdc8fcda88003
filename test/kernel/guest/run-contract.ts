/*
 * Runs the contract over libusb in the guest, which has no test runner: `node run-contract.js SPEED`.
 * Prints one JSON line for each case: its name, and the failure or null.
 */
import { contractCases } from '../../contract/contract.js';
import { GadgetFixture } from './gadget-fixture.js';

const [, , speed = 'super'] = process.argv;
const fixture = new GadgetFixture(speed);
for (const { name, run } of contractCases) {
  let failure: string | null = null;
  try {
    await run(fixture);
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  process.stdout.write(`${JSON.stringify({ name, failure })}\n`);
}
fixture.clear();
