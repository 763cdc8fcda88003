import { expect, it } from 'vitest';
import { type EndReason, moreSevere } from '../../../../src/engine/session/outcome.js';

it.each<[first: EndReason, later: EndReason, reported: EndReason]>([
  ['limit', 'interrupted', 'limit'],
  ['interrupted', 'stall', 'stall'],
  ['limit', 'output-failed', 'output-failed'],
  ['limit', 'reader-closed', 'reader-closed'],
  ['stall', 'reader-closed', 'stall'],
  ['stall', 'output-failed', 'stall'],
  ['error', 'device-lost', 'device-lost'],
  ['device-lost', 'error', 'device-lost'],
  ['stall', 'device-lost', 'stall'],
])('after %s, then %s, reports %s', (first, later, reported) => {
  expect(moreSevere({ reason: first }, { reason: later }).reason).toBe(reported);
});
