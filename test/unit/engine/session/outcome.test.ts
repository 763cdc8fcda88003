import { describe, expect, it } from 'vitest';
import {
  addFailure,
  type EndReason,
  failuresOf,
  internalError,
  isClean,
  isLoss,
  moreSevere,
  mostSevere,
  type TransferFailure,
  transferOutcome,
} from '../../../../src/engine/session/outcome.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';

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
  ['error', 'stall', 'error'],
  ['device-lost', 'error', 'device-lost'],
  ['stall', 'device-lost', 'stall'],
])('after %s, then %s, reports %s', (first, later, reported) => {
  expect(moreSevere({ reason: first }, { reason: later }).reason).toBe(reported);
});

it.each<[EndReason, boolean]>([
  ['device-lost', true],
  ['device-reset', true],
  ['stall', false],
])('a handle cannot be used any more after %s: %s', (reason, lost) => {
  expect(isLoss({ reason })).toBe(lost);
});

it('reports both if a reader closes the output after a stop', () => {
  const closed = { reason: 'reader-closed', at: 1 } as const;
  const both = { reason: 'interrupted', readerClosed: true };
  expect(moreSevere({ reason: 'interrupted' }, closed)).toEqual(both);
});

it('reports the most severe of several outcomes, the first of equals', () => {
  const [limit, stall, failed] = (['limit', 'stall', 'output-failed'] as const).map((reason) => ({
    reason,
  }));
  expect(mostSevere(limit ?? { reason: 'idle' })).toBe(limit);
  expect(mostSevere(limit ?? { reason: 'idle' }, undefined, stall, failed)).toBe(stall);
});

it.each<[EndReason, boolean]>([
  ['limit', true],
  ['input-ended', true],
  ['duration', true],
  ['idle', true],
  ['interrupted', true],
  ['reader-closed', true],
  ['stall', false],
  ['error', false],
  ['overflow', false],
  ['device-lost', false],
  ['submit-failed', false],
  ['output-failed', false],
  ['input-failed', false],
  ['request-failed', false],
  ['internal', false],
])('%s ends a stream without a failure: %s', (reason, clean) => {
  expect(isClean({ reason })).toBe(clean);
});

it.each<[TransferStatus, EndReason]>([
  ['completed', 'error'],
  ['error', 'error'],
  ['timed-out', 'idle'],
  ['cancelled', 'interrupted'],
  ['stall', 'stall'],
  ['no-device', 'device-lost'],
  ['overflow', 'overflow'],
])('a transfer that ends a run as %s makes its reason %s', (status, reason) => {
  expect(transferOutcome(status)).toEqual({ reason });
});

it('keeps an unexpected exception as the cause', () => {
  const cause = new Error('bug');
  expect(internalError(cause)).toEqual({ reason: 'internal', cause });
});

describe('the failures of a run', () => {
  /** Adds transfers with these ends to the failures of a run. */
  function add(...ends: [TransferStatus, number][]): TransferFailure[] {
    const failures: TransferFailure[] = [];
    for (const [status, offset] of ends) {
      addFailure(failures, status, offset);
    }
    return failures;
  }

  it.each<[TransferStatus, string | undefined]>([
    ['completed', undefined],
    ['cancelled', undefined],
    ['timed-out', undefined],
    ['error', 'error'],
    ['stall', 'stall'],
    ['no-device', 'device-lost'],
    ['overflow', 'overflow'],
  ])('a transfer that ended as %s is the failure %s', (status, reason) => {
    expect(add([status, 512])).toEqual(reason === undefined ? [] : [{ reason, offset: 512 }]);
  });

  it('are one if no byte is between them, with the first reason', () => {
    expect(add(['stall', 100], ['error', 100], ['no-device', 100])).toEqual([
      { reason: 'stall', offset: 100 },
    ]);
    expect(add(['error', 100], ['stall', 100])).toEqual([{ reason: 'error', offset: 100 }]);
  });

  it('are several if bytes are between them', () => {
    expect(add(['error', 100], ['completed', 150], ['no-device', 200])).toEqual([
      { reason: 'error', offset: 100 },
      { reason: 'device-lost', offset: 200 },
    ]);
  });

  it('are a disconnect if it began with errors', () => {
    expect(add(['error', 100], ['no-device', 100])).toEqual([
      { reason: 'device-lost', offset: 100 },
    ]);
    expect(add(['stall', 50], ['error', 100], ['error', 100], ['no-device', 100])).toEqual([
      { reason: 'stall', offset: 50 },
      { reason: 'device-lost', offset: 100 },
    ]);
  });

  const ERRORS: readonly TransferFailure[] = [
    { reason: 'error', offset: 100 },
    { reason: 'error', offset: 200 },
    { reason: 'error', offset: 300 },
  ];

  it('end with a disconnect instead of an error if the device was lost', () => {
    expect(failuresOf({ reason: 'device-lost', failures: ERRORS })).toEqual([
      { reason: 'error', offset: 100 },
      { reason: 'error', offset: 200 },
      { reason: 'device-lost', offset: 300 },
    ]);
    expect(failuresOf({ reason: 'interrupted', failures: ERRORS })).toEqual(ERRORS);
  });

  it('stay as they are if the last one is no error, or if there is none', () => {
    const failures: TransferFailure[] = [{ reason: 'stall', offset: 100 }];
    expect(failuresOf({ reason: 'device-lost', failures })).toEqual(failures);
    expect(failuresOf({ reason: 'device-lost', failures: [] })).toEqual([]);
    expect(failuresOf({ reason: 'device-lost' })).toEqual([]);
  });
});
