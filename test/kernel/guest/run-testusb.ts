/*
 * Runs the cases of testusb over libusb in the guest: `node run-testusb.js SPEED`. Prints one JSON line
 * for each case: its name, and the failure or null.
 */
import { GadgetFixture } from './gadget-fixture.js';
import { runCases } from './run-cases.js';
import { testusbCases } from './testusb/cases.js';

const [, , speed = 'super'] = process.argv;
await runCases(testusbCases, new GadgetFixture(speed));
