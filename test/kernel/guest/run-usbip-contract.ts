/*
 * Runs the contract over USB/IP in the guest, as run-contract does: `node run-usbip-contract.js SPEED [WORDS]`.
 */
import { contractCases, holdsOverUsbip } from '../../contract/contract.js';
import { runCases } from './run-cases.js';
import { KernelUsbipFixture } from './usbip-fixture.js';

const [, , speed = 'super', words = ''] = process.argv;
const cases = contractCases.filter(({ name }) => name.includes(words));
await runCases(cases.filter(holdsOverUsbip), new KernelUsbipFixture(speed));
