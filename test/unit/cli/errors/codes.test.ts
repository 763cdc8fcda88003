import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommanderError } from '../../../../src/cli/commander.js';
import { codeOfError } from '../../../../src/cli/errors/classify.js';
import { CliError } from '../../../../src/cli/errors/cli-error.js';
import { ERRORS, type ErrorCode, EXIT, exitCodeOf } from '../../../../src/cli/errors/codes.js';
import { codeOfEnd, codeOfSendEnd, type Ending } from '../../../../src/cli/report/exit-status.js';
import type { EndReason } from '../../../../src/engine/session/outcome.js';
import { UsbError, type UsbErrorCode } from '../../../../src/usb/errors.js';

/** All source code except for the table. */
const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && file !== join('cli', 'errors', 'codes.ts'))
  .map((file) => readFileSync(join('src', file), 'utf8'))
  .join('\n');

const ending = (reason: EndReason, rest: Partial<Ending> = {}): Ending => ({
  end: { reason },
  limited: false,
  signal: undefined,
  gaps: 0,
  ...rest,
});

/** The code of an end, and what it exits with. */
function outcome(of: Ending): [code: ErrorCode | undefined, exitCode: number] {
  const code = codeOfEnd(of);
  return [code, code === undefined ? EXIT.done : exitCodeOf(code, of.signal)];
}

describe('the table of errors', () => {
  it('has a failure for every exit code except success', () => {
    const exitCodes = new Set<unknown>(Object.values(ERRORS).map(({ exitCode }) => exitCode));
    const { done: _, ...failures } = EXIT;
    expect(exitCodes).toEqual(new Set([...Object.values(failures), '128+n']));
  });

  describe.each(Object.entries(ERRORS))('for %s', (code, { meaning }) => {
    it('has a code and a meaning of one line', () => {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(meaning).toMatch(/^[^\n.]+$/);
    });

    it('has a code that the source uses', () => {
      expect(source).toContain(`'${code}'`);
    });
  });
});

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
  ])('that ends by %s has the code %s and exits %i', (reason, code, exitCode) => {
    expect(outcome(ending(reason))).toEqual([code, exitCode]);
  });

  it.each<[EndReason, ErrorCode, number]>([
    ['limit', 'gaps', 6],
    ['idle', 'gaps', 6],
    ['interrupted', 'gaps', 6],
    ['device-lost', 'device-lost', 5],
    ['output-failed', 'output-failed', 7],
  ])('with a gap that ends by %s has the code %s and exits %i', (reason, code, exitCode) => {
    const gap = ending(reason, { gaps: 1, limited: true, signal: 'SIGINT' });
    expect(outcome(gap)).toEqual([code, exitCode]);
  });

  it('that a signal ends before a limit exits with 128 and its number', () => {
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
  ])('that leaves the device changed and ends by %s has the code %s and exits %i', (reason, code, exitCode) => {
    const changed = ending(reason, { restoreError: new Error('no driver') });
    expect(outcome(changed)).toEqual([code, exitCode]);
  });

  it('that falls silent before a limit exits 8', () => {
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
  ])('that ends by %s, with a number of bytes or not (%s), has the code %s and exits %i', (reason, limited, code, exitCode) => {
    const told = codeOfSendEnd({ end: { reason }, limited });
    expect(told).toBe(code);
    expect(told === undefined ? 0 : exitCodeOf(told, 'SIGINT')).toBe(exitCode);
  });

  it('that leaves the device changed says so, where nothing else went wrong', () => {
    const restoreError = new Error('no driver');
    const codeOf = (reason: EndReason) =>
      codeOfSendEnd({ end: { reason }, limited: false, restoreError });
    expect(codeOf('input-ended')).toBe('not-restored');
    expect(codeOf('stall')).toBe('stall');
  });
});

describe('a failure before a capture', () => {
  it.each<[UsbErrorCode, ErrorCode, number]>([
    ['no-bus', 'no-bus', 3],
    ['no-device', 'no-such-device', 3],
    ['not-found', 'no-such-endpoint', 3],
    ['ambiguous', 'ambiguous-endpoint', 3],
    ['access', 'access', 4],
    ['busy', 'busy', 4],
    ['no-memory', 'no-memory', 4],
    ['stall', 'request-refused', 4],
    ['timed-out', 'no-answer', 4],
    ['io', 'io', 4],
    ['not-supported', 'not-supported', 4],
    ['unavailable', 'libusb-unavailable', 4],
    ['other', 'usb', 4],
    ['invalid', 'internal', 1],
  ])('on the bus, %s, has the code %s and exits %i', (usbCode, code, exitCode) => {
    const told = codeOfError(new UsbError(usbCode, 'failed'));
    expect([told, exitCodeOf(told)]).toEqual([code, exitCode]);
  });

  it.each<[string, ErrorCode]>([
    ['commander.missingArgument', 'missing-argument'],
    ['commander.missingMandatoryOptionValue', 'usage'],
    ['commander.error', 'usage'],
  ])('of the command line, %s, has the code %s', (commanderCode, code) => {
    expect(codeOfError(new CommanderError(1, commanderCode, 'wrong'))).toBe(code);
  });

  it('has the code that it was thrown with, or is internal', () => {
    expect(codeOfError(new CliError('stdout-closed', 'closed'))).toBe('stdout-closed');
    expect(codeOfError(new TypeError('bug'))).toBe('internal');
    expect(codeOfError('bug')).toBe('internal');
  });
});
