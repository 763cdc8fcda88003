import { endingCases } from './cases/ending.js';
import { handleCases } from './cases/handles.js';
import { losingCases } from './cases/losing.js';
import { movingCases } from './cases/moving.js';
import type { ContractCase } from './stage.js';

export type { ContractCase, Stage, StagedDevice } from './stage.js';

/**
 * What `Backend` (src/usb/backend.ts) promises, one case a promise. Needs nothing but node:assert,
 * so that it also runs where there is no test runner.
 */
export const contractCases: readonly ContractCase[] = [
  ...handleCases,
  ...movingCases,
  ...endingCases,
  ...losingCases,
];
