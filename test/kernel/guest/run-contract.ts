/*
 * Runs the contract over libusb in the guest, which has no test runner: `node run-contract.js SPEED`.
 * Prints one JSON line for each case: its name, and the failure or null.
 */
import { contractCases } from '../../contract/contract.js';
import { GadgetStage } from './gadget-stage.js';

const [, , speed = 'super'] = process.argv;
const stage = new GadgetStage(speed);
for (const { name, run } of contractCases) {
  let failure: string | null = null;
  try {
    await run(stage);
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  process.stdout.write(`${JSON.stringify({ name, failure })}\n`);
}
stage.clear();
