import { describe, expect, it } from 'vitest';
import { type ErrorCode, EXIT, exitCodeOf } from '../../../../src/cli/errors/codes.js';
import { codeOfEnd, codeOfSendEnd, type Ending } from '../../../../src/cli/report/exit-status.js';
import type { EndReason } from '../../../../src/engine/session/outcome.js';

const ending = (reason: EndReason, rest: Partial<Ending> = {}): Ending => ({
  end: { reason },
  limited: false,
  signal: undefined,
  gaps: 0,
  ...rest,
});

/** The error code and the exit code of an end. */
function outcome(of: Ending): [code: ErrorCode | undefined, exitCode: number] {
  const code = codeOfEnd(of);
  return [code, code === undefined ? EXIT.done : exitCodeOf(code, of.signal)];
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
    expect(outcome(ending(reason))).toEqual([code, exitCode]);
  });

  it.each<[EndReason, ErrorCode, number]>([
    ['limit', 'gaps', 6],
    ['idle', 'gaps', 6],
    ['interrupted', 'gaps', 6],
    ['device-lost', 'device-lost', 5],
    ['output-failed', 'output-failed', 7],
  ])('with a gap, ended by %s has the code %s and exits %i', (reason, code, exitCode) => {
    const gap = ending(reason, { gaps: 1, limited: true, signal: 'SIGINT' });
    expect(outcome(gap)).toEqual([code, exitCode]);
  });

  it('ended by a signal before a limit exits with 128 plus its number', () => {
    const limited = (reason: EndReason, signal: NodeJS.Signals) =>
      outcome(ending(reason, { limited: true, signal }));
    expect(limited('interrupted', 'SIGINT')).toEqual(['interrupted', 130]);
    expect(limited('interrupted', 'SIGTERM')).toEqual(['interrupted', 143]);
    expect(limited('limit', 'SIGINT')).toEqual([undefined, 0]);
  });

  it.each<[EndReason, ErrorCode, number]>([
    ['limit', 'not-restored', 4],
    ['interrupted', 'not-restored', 4],
    ['stall', 'stall', 6],
  ])('that could not restore the device and ended by %s has the code %s and exits %i', (reason, code, exitCode) => {
    const changed = ending(reason, { restoreError: new Error('no driver') });
    expect(outcome(changed)).toEqual([code, exitCode]);
  });

  it('that is idle before a limit exits 8', () => {
    expect(outcome(ending('idle', { limited: true }))).toEqual(['idle', 8]);
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
    const actual = codeOfSendEnd({ end: { reason }, limited });
    expect(actual).toBe(code);
    expect(actual === undefined ? 0 : exitCodeOf(actual, 'SIGINT')).toBe(exitCode);
  });

  it('that could not restore the device is not-restored, unless something else failed', () => {
    const restoreError = new Error('no driver');
    const codeOf = (reason: EndReason) =>
      codeOfSendEnd({ end: { reason }, limited: false, restoreError });
    expect(codeOf('input-ended')).toBe('not-restored');
    expect(codeOf('stall')).toBe('stall');
  });
});
