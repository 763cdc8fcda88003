import { expect, it } from 'vitest';
import { CliError, type Ending, exitCodeOfEnd, exitCodeOfError } from '../../src/cli/exit-code.js';
import type { EndReason } from '../../src/transfer/end.js';
import { UsbError, type UsbErrorCode } from '../../src/usb/errors.js';

const ending = (reason: EndReason, rest: Partial<Ending> = {}): Ending => ({
  end: { reason },
  limited: false,
  signal: undefined,
  gaps: 0,
  ...rest,
});

it.each<[EndReason, number]>([
  ['limit', 0],
  ['duration', 0],
  ['idle', 0],
  ['reader-closed', 0],
  ['interrupted', 0],
  ['stall', 6],
  ['error', 6],
  ['overflow', 6],
  ['device-lost', 5],
  ['submit-failed', 4],
  ['output-failed', 7],
  ['internal', 1],
])('a capture that ends by %s exits %i', (reason, code) => {
  expect(exitCodeOfEnd(ending(reason))).toBe(code);
});

it.each<[EndReason, number]>([
  ['limit', 6],
  ['idle', 6],
  ['interrupted', 6],
  ['device-lost', 5],
  ['output-failed', 7],
])('a capture with a gap that ends by %s exits %i', (reason, code) => {
  expect(exitCodeOfEnd(ending(reason, { gaps: 1 }))).toBe(code);
});

it('a signal before a limit exits with 128 and its number', () => {
  const limited = (reason: EndReason, signal: NodeJS.Signals) =>
    exitCodeOfEnd(ending(reason, { limited: true, signal }));
  expect(limited('interrupted', 'SIGINT')).toBe(130);
  expect(limited('interrupted', 'SIGTERM')).toBe(143);
  expect(limited('limit', 'SIGINT')).toBe(0);
});

it.each<[EndReason, number]>([
  ['limit', 4],
  ['interrupted', 4],
  ['stall', 6],
])('a capture that leaves the device changed and ends by %s exits %i', (reason, code) => {
  expect(exitCodeOfEnd(ending(reason, { unrestored: new Error('no driver') }))).toBe(code);
});

it('silence before a limit exits 8', () => {
  expect(exitCodeOfEnd(ending('idle', { limited: true }))).toBe(8);
});

it.each<[UsbErrorCode, number]>([
  ['no-bus', 3],
  ['no-device', 3],
  ['not-found', 3],
  ['ambiguous', 3],
  ['access', 4],
  ['busy', 4],
  ['no-memory', 4],
  ['stall', 4],
  ['timed-out', 4],
  ['io', 4],
  ['not-supported', 4],
  ['unavailable', 4],
  ['other', 4],
  ['invalid', 1],
])('an operation that fails with %s exits %i', (code, exitCode) => {
  expect(exitCodeOfError(new UsbError(code, 'failed'))).toBe(exitCode);
});

it('other failures exit with their own code, or as internal', () => {
  expect(exitCodeOfError(new CliError(7, 'failed'))).toBe(7);
  expect(exitCodeOfError(new TypeError('bug'))).toBe(1);
});
