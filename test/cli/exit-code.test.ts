import { expect, it } from 'vitest';
import { CliError, exitCodeOfEnd, exitCodeOfError } from '../../src/cli/exit-code.js';
import type { EndReason } from '../../src/transfer/end.js';
import { UsbError, type UsbErrorCode } from '../../src/usb/errors.js';

it.each<[EndReason, number]>([
  ['limit', 0],
  ['duration', 0],
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
  expect(exitCodeOfEnd({ reason }, false, undefined)).toBe(code);
});

it('a signal before a limit exits with 128 and its number', () => {
  expect(exitCodeOfEnd({ reason: 'interrupted' }, true, 'SIGINT')).toBe(130);
  expect(exitCodeOfEnd({ reason: 'interrupted' }, true, 'SIGTERM')).toBe(143);
  expect(exitCodeOfEnd({ reason: 'interrupted' }, false, 'SIGINT')).toBe(0);
  expect(exitCodeOfEnd({ reason: 'limit' }, true, 'SIGINT')).toBe(0);
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
