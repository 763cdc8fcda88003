import { describe, expect, it } from 'vitest';
import { type ErrorCode, EXIT, exitCodeOf } from '../../../../src/cli/errors/codes.js';
import { codeOfEnd } from '../../../../src/cli/report/exit-status.js';
import type { EndReason } from '../../../../src/engine/session/outcome.js';
import { ReceiveStatistics, SendStatistics } from '../../../../src/engine/stats/statistics.js';

const endpoint = { address: 0x82, type: 'bulk', maxPacketSize: 512 } as const;
const location = { interfaceNumber: 0, alternateSetting: 0, endpoint };

/** How a stream ended. */
interface Ending {
  readonly reason: EndReason;
  readonly limited?: boolean;
  readonly signal?: NodeJS.Signals;
  readonly gaps?: number;
  readonly unsent?: number;
  readonly restoreError?: Error;
}

function received({ gaps = 0 }: Ending) {
  const statistics = Object.assign(new ReceiveStatistics(1), { gapCount: gaps });
  return { location, statistics, output: undefined, limits: {} };
}

function sent({ unsent = 0 }: Ending) {
  const statistics = Object.assign(new SendStatistics(1), { bytesRead: unsent });
  return { location, statistics, input: undefined, skip: 0 };
}

const STREAMS = {
  read: (ending: Ending) => ({ in: received(ending) }),
  write: (ending: Ending) => ({ out: sent(ending) }),
  pipe: (ending: Ending) => ({ in: received(ending), out: sent(ending) }),
};

/** The error code and the exit code of a stream. */
function outcome(
  name: keyof typeof STREAMS,
  ending: Ending,
): [code: ErrorCode | undefined, exitCode: number] {
  const { reason, limited = false, signal, restoreError } = ending;
  const code = codeOfEnd({ ...STREAMS[name](ending), end: { reason }, restoreError }, limited);
  return [code, code === undefined ? EXIT.done : exitCodeOf(code, signal)];
}

describe('a capture', () => {
  it.each<[EndReason, ErrorCode | undefined, number]>([
    ['limit', undefined, 0],
    ['duration', undefined, 0],
    ['idle', undefined, 0],
    ['reader-closed', undefined, 0],
    ['interrupted', undefined, 0],
    ['stall', 'stall', 6],
    ['error', 'transfer-error', 6],
    ['overflow', 'overflow', 6],
    ['device-lost', 'device-lost', 5],
    ['submit-failed', 'submit-failed', 4],
    ['output-failed', 'output-failed', 7],
    ['internal', 'internal', 1],
  ])('ended by %s has the code %s and exits %i', (reason, code, exitCode) => {
    expect(outcome('read', { reason })).toEqual([code, exitCode]);
  });

  it.each<[EndReason, ErrorCode, number]>([
    ['limit', 'gaps', 6],
    ['idle', 'gaps', 6],
    ['interrupted', 'gaps', 6],
    ['device-lost', 'device-lost', 5],
    ['output-failed', 'output-failed', 7],
  ])('with a gap, ended by %s has the code %s and exits %i', (reason, code, exitCode) => {
    const gap = { reason, gaps: 1, limited: true, signal: 'SIGINT' } as const;
    expect(outcome('read', gap)).toEqual([code, exitCode]);
  });

  it('ended by a signal before a limit exits with 128 plus its number', () => {
    const limited = (reason: EndReason, signal: NodeJS.Signals) =>
      outcome('read', { reason, limited: true, signal });
    expect(limited('interrupted', 'SIGINT')).toEqual(['interrupted', 130]);
    expect(limited('interrupted', 'SIGTERM')).toEqual(['interrupted', 143]);
    expect(limited('limit', 'SIGINT')).toEqual([undefined, 0]);
  });

  it.each<[EndReason, ErrorCode, number]>([
    ['limit', 'not-restored', 4],
    ['interrupted', 'not-restored', 4],
    ['stall', 'stall', 6],
  ])('that could not restore the device and ended by %s has the code %s and exits %i', (reason, code, exitCode) => {
    const changed = { reason, restoreError: new Error('no driver') };
    expect(outcome('read', changed)).toEqual([code, exitCode]);
  });

  it('that is idle before a limit exits 8', () => {
    expect(outcome('read', { reason: 'idle', limited: true })).toEqual(['idle', 8]);
  });
});

describe('a sending', () => {
  it.each<[EndReason, boolean, ErrorCode | undefined, number]>([
    ['input-ended', false, undefined, 0],
    ['input-ended', true, 'short-input', 8],
    ['limit', true, undefined, 0],
    ['duration', false, 'timeout', 8],
    ['idle', false, 'idle', 8],
    ['interrupted', false, 'interrupted', 130],
    ['stall', false, 'stall', 6],
    ['device-lost', false, 'device-lost', 5],
    ['input-failed', false, 'input-failed', 7],
    ['request-failed', false, 'request-failed', 6],
  ])('ended by %s, with a number of bytes (%s), has the code %s and exits %i', (reason, limited, code, exitCode) => {
    const ending = { reason, limited, signal: 'SIGINT' } as const;
    expect(outcome('write', ending)).toEqual([code, exitCode]);
  });

  it('that could not restore the device is not-restored, unless something else failed', () => {
    const restoreError = new Error('no driver');
    const codeOf = (reason: EndReason) => outcome('write', { reason, restoreError })[0];
    expect(codeOf('input-ended')).toBe('not-restored');
    expect(codeOf('stall')).toBe('stall');
  });
});

describe('a stream in both directions', () => {
  it.each<[EndReason, Partial<Ending>, ErrorCode | undefined, number]>([
    ['limit', { limited: true }, undefined, 0],
    ['input-ended', {}, undefined, 0],
    ['input-ended', { limited: true }, 'idle', 8],
    ['interrupted', {}, undefined, 0],
    ['interrupted', { limited: true }, 'interrupted', 130],
    ['interrupted', { unsent: 1 }, 'interrupted', 130],
    ['duration', { limited: true }, undefined, 0],
    ['duration', { unsent: 1 }, 'timeout', 8],
    ['reader-closed', { unsent: 1 }, undefined, 0],
    ['stall', {}, 'stall', 6],
    ['input-ended', { restoreError: new Error('no driver') }, 'not-restored', 4],
  ])('that ended by %s with %j has the code %s and exits %i', (reason, rest, code, exitCode) => {
    expect(outcome('pipe', { reason, signal: 'SIGINT', ...rest })).toEqual([code, exitCode]);
  });
});
