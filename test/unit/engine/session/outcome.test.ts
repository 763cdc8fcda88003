import { expect, it } from 'vitest';
import { type EndReason, moreSevere } from '../../../../src/engine/session/outcome.js';

it.each<[first: EndReason, later: EndReason, reported: EndReason]>([
  ['limit', 'interrupted', 'limit'],
  ['interrupted', 'stall', 'stall'],
  ['limit', 'output-failed', 'output-failed'],
  ['limit', 'reader-closed', 'reader-closed'],
  ['duration', 'reader-closed', 'reader-closed'],
  ['interrupted', 'reader-closed', 'interrupted'],
  ['stall', 'reader-closed', 'stall'],
  ['stall', 'output-failed', 'stall'],
  ['error', 'device-lost', 'device-lost'],
  ['device-lost', 'error', 'device-lost'],
  ['stall', 'device-lost', 'stall'],
])('after %s, then %s, reports %s', (first, later, reported) => {
  expect(moreSevere({ reason: first }, { reason: later }).reason).toBe(reported);
});

it('reports both if a reader closes the output after a stop', () => {
  const closed = { reason: 'reader-closed', at: 1 } as const;
  const both = { reason: 'interrupted', readerClosed: true };
  expect(moreSevere({ reason: 'interrupted' }, closed)).toEqual(both);
});
