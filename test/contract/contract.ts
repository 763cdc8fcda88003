import { controllingCases } from './cases/controlling.js';
import { endingCases } from './cases/ending.js';
import { handleCases } from './cases/handles.js';
import { losingCases } from './cases/losing.js';
import { movingCases } from './cases/moving.js';
import { resettingCases } from './cases/resetting.js';
import { sendingCases } from './cases/sending.js';
import type { ContractCase } from './stage.js';

export type { ContractCase, Stage, StagedDevice } from './stage.js';

/**
 * What `Backend` (src/usb/backend.ts) promises, one case a promise. Needs nothing but node:assert,
 * so that it also runs where there is no test runner.
 */
export const contractCases: readonly ContractCase[] = [
  ...handleCases,
  ...movingCases,
  ...sendingCases,
  ...controllingCases,
  ...resettingCases,
  ...endingCases,
  ...losingCases,
];
