import { configuringCases } from './cases/configuring.js';
import { controllingCases } from './cases/controlling.js';
import { endingCases } from './cases/ending.js';
import { handleCases } from './cases/handles.js';
import { losingCases } from './cases/losing.js';
import { movingCases } from './cases/moving.js';
import { resettingCases } from './cases/resetting.js';
import { sendingCases } from './cases/sending.js';
import type { ContractCase } from './fixture.js';

export type { ContractCase, Fixture, FixtureDevice } from './fixture.js';

/**
 * The contract of `Backend` (src/usb/backend.ts), one case for each rule. The cases need only
 * node:assert, so that they also run without a test runner.
 */
export const contractCases: readonly ContractCase[] = [
  ...handleCases,
  ...movingCases,
  ...sendingCases,
  ...controllingCases,
  ...configuringCases,
  ...resettingCases,
  ...endingCases,
  ...losingCases,
];

/**
 * Returns whether a rule holds over USB/IP with the server of Linux. It returns no data of a cancelled
 * transfer, does not say why a device was lost, and resets a device whose client has gone.
 */
export function holdsOverUsbip({
  needsKeptData,
  needsDeviceKept,
  needsLossReason,
}: ContractCase): boolean {
  return !needsKeptData && !needsDeviceKept && !needsLossReason;
}
