/*
 * Runs the contract over libusb in the guest: `node run-contract.js SPEED [WORDS]`. Prints one JSON line
 * for each case whose name contains the words: its name, and the failure or null.
 */
import { contractCases } from '../../contract/contract.js';
import { GadgetFixture } from './gadget-fixture.js';
import { runCases } from './run-cases.js';

const [, , speed = 'super', words = ''] = process.argv;
const cases = contractCases.filter(({ name }) => name.includes(words));
await runCases(cases, new GadgetFixture(speed));
