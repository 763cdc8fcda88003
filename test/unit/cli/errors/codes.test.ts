import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { codeOfError } from '../../../../src/cli/errors/classify.js';
import { CliError } from '../../../../src/cli/errors/cli-error.js';
import { ERRORS, type ErrorCode, EXIT, exitCodeOf } from '../../../../src/cli/errors/codes.js';
import { UsbError, type UsbErrorCode } from '../../../../src/usb/errors.js';

/** All source code except for the table. */
const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && file !== join('cli', 'errors', 'codes.ts'))
  .map((file) => readFileSync(join('src', file), 'utf8'))
  .join('\n');

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

describe('a failure before the first transfer', () => {
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
  ])('of a USB operation, %s, has the code %s and exits %i', (usbCode, code, exitCode) => {
    const actual = codeOfError(new UsbError(usbCode, 'failed'));
    expect([actual, exitCodeOf(actual)]).toEqual([code, exitCode]);
  });

  it.each<[string, ErrorCode]>([
    ['commander.missingArgument', 'missing-argument'],
    ['commander.missingMandatoryOptionValue', 'usage'],
    ['commander.error', 'usage'],
  ])('of the command line, %s, has the code %s', (commanderCode, code) => {
    expect(codeOfError(new CommanderError(1, commanderCode, 'wrong'))).toBe(code);
  });

  it('has its own code, or is internal', () => {
    expect(codeOfError(new CliError('stdout-closed', 'closed'))).toBe('stdout-closed');
    expect(codeOfError(new TypeError('bug'))).toBe('internal');
    expect(codeOfError('bug')).toBe('internal');
  });
});
