/*
 * Runs the contract over libusb in the guest: `node run-contract.js SPEED`. Prints one JSON line for
 * each case: its name, and the failure or null.
 */
import { contractCases } from '../../contract/contract.js';
import { GadgetFixture } from './gadget-fixture.js';
import { runCases } from './run-cases.js';

const [, , speed = 'super'] = process.argv;
await runCases(contractCases, new GadgetFixture(speed));
