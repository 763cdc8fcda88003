import { describe, expect, it } from 'vitest';
import { type ErrorCode, EXIT, exitCodeOf } from '../../../../src/cli/errors/codes.js';
import { codeOfEnd } from '../../../../src/cli/report/exit-status.js';
import type { Limits } from '../../../../src/engine/receive/limits.js';
import type { EndReason } from '../../../../src/engine/session/outcome.js';
import { ReceiveStatistics, SendStatistics } from '../../../../src/engine/stats/statistics.js';

const endpoint = { address: 0x82, type: 'bulk', maxPacketSize: 512 } as const;
const location = { interfaceNumber: 0, alternateSetting: 0, endpoint };

/** How a stream ended. */
interface Ending {
  readonly reason: EndReason;
  /** The goal: of receiving, or of sending if that is all. */
  readonly goal?: Limits;
  readonly duration?: boolean;
  readonly signal?: NodeJS.Signals;
  readonly gaps?: number;
  readonly unsent?: number;
  readonly unread?: number;
  readonly restoreError?: Error;
  readonly restarts?: number;
}

function received({ gaps = 0, goal = {} }: Ending) {
  const statistics = Object.assign(new ReceiveStatistics(1), { gapCount: gaps });
  return { location, statistics, output: undefined, limits: goal };
}

function sent({ unsent = 0, unread }: Ending, bytes?: number) {
  const statistics = Object.assign(new SendStatistics(1), { bytesRead: unsent });
  return { location, statistics, input: undefined, skip: 0, unread, bytes };
}

const STREAMS = {
  read: (ending: Ending) => ({ in: received(ending) }),
  write: (ending: Ending) => ({ out: sent(ending, ending.goal?.bytes) }),
  pipe: (ending: Ending) => ({ in: received(ending), out: sent(ending) }),
};

/** The error code and the exit code of a stream. */
function outcome(
  name: keyof typeof STREAMS,
  ending: Ending,
): [code: ErrorCode | undefined, exitCode: number] {
  const { reason, duration = false, signal, restoreError, restarts } = ending;
  const end = { reason, ...(restarts === undefined ? {} : { restarts }) };
  const code = codeOfEnd({ ...STREAMS[name](ending), end, restoreError }, duration);
  return [code, code === undefined ? EXIT.done : exitCodeOf(code, signal)];
}

describe('a capture', () => {
  it.each([0, 5])('that restarts did not help has fallen silent, whatever the %i gaps', (gaps) => {
    expect(outcome('read', { reason: 'idle', restarts: 3, gaps })).toEqual(['idle', 8]);
  });

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
    ['device-reset', 'device-reset', 6],
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
    const gap = { reason, gaps: 1, goal: { bytes: 9 }, signal: 'SIGINT' } as const;
    expect(outcome('read', gap)).toEqual([code, exitCode]);
  });

  it('ended by a signal before a limit exits with 128 plus its number', () => {
    const limited = (reason: EndReason, signal: NodeJS.Signals) =>
      outcome('read', { reason, duration: true, signal });
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
    expect(outcome('read', { reason: 'idle', goal: { bytes: 9 } })).toEqual(['idle', 8]);
    expect(outcome('read', { reason: 'idle', duration: true })).toEqual(['idle', 8]);
  });
});

describe('the end of --duration', () => {
  const ENDLESS = Number.POSITIVE_INFINITY;

  it.each<[name: keyof typeof STREAMS, Partial<Ending>, string, number]>([
    ['read', {}, 'alone is the goal', 0],
    ['read', { goal: { skip: 9 } }, 'alone is the goal', 0],
    ['read', { goal: { bytes: 9 } }, 'comes before --bytes', 8],
    ['read', { goal: { count: 9 } }, 'comes before --count', 8],
    ['read', { goal: { untilShort: true } }, 'comes before --until-short', 8],
    ['write', {}, 'alone is the goal: all input so far was sent', 0],
    ['write', { unsent: 9, unread: ENDLESS }, 'alone is the goal: the input has no end', 0],
    ['write', { goal: { bytes: 9 }, unread: ENDLESS }, 'comes before --bytes', 8],
    ['write', { unsent: 9 }, 'comes before all of the input is sent', 8],
    ['write', { unread: 9 }, 'comes before all of the input is read', 8],
    ['pipe', {}, 'alone is the goal: all input so far was sent', 0],
    ['pipe', { unsent: 9, unread: ENDLESS }, 'alone is the goal: the input has no end', 0],
    ['pipe', { goal: { bytes: 9 } }, 'comes before --bytes', 8],
    ['pipe', { unsent: 9 }, 'comes before all of the input is sent', 8],
  ])('%s with %j: it %s, and the exit code is %i', (name, rest, _, exitCode) => {
    const code = exitCode === 0 ? undefined : 'timeout';
    const ending = { reason: 'duration', duration: true, ...rest } as const;
    expect(outcome(name, ending)).toEqual([code, exitCode]);
  });
});

describe('a sending', () => {
  it.each<[EndReason, Limits, ErrorCode | undefined, number]>([
    ['input-ended', {}, undefined, 0],
    ['input-ended', { bytes: 9 }, 'short-input', 8],
    ['limit', { bytes: 9 }, undefined, 0],
    ['idle', {}, 'idle', 8],
    ['interrupted', {}, 'interrupted', 130],
    ['stall', {}, 'stall', 6],
    ['device-lost', {}, 'device-lost', 5],
    ['input-failed', {}, 'input-failed', 7],
    ['request-failed', {}, 'request-failed', 6],
  ])('ended by %s, with %j, has the code %s and exits %i', (reason, goal, code, exitCode) => {
    const ending = { reason, goal, signal: 'SIGINT' } as const;
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
    ['limit', { goal: { bytes: 9 } }, undefined, 0],
    ['input-ended', {}, undefined, 0],
    ['input-ended', { duration: true }, undefined, 0],
    ['input-ended', { goal: { bytes: 9 } }, 'idle', 8],
    ['interrupted', {}, undefined, 0],
    ['interrupted', { goal: { bytes: 9 } }, 'interrupted', 130],
    ['interrupted', { duration: true }, 'interrupted', 130],
    ['interrupted', { unsent: 1 }, 'interrupted', 130],
    ['reader-closed', { unsent: 1 }, undefined, 0],
    ['stall', {}, 'stall', 6],
    ['input-ended', { restoreError: new Error('no driver') }, 'not-restored', 4],
  ])('that ended by %s with %j has the code %s and exits %i', (reason, rest, code, exitCode) => {
    expect(outcome('pipe', { reason, signal: 'SIGINT', ...rest })).toEqual([code, exitCode]);
  });
});
