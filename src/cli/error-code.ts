import { UsbError, type UsbErrorCode } from '../usb/errors.js';
import { CliError } from './cli-error.js';
import { CommanderError } from './commander.js';
import type { ErrorCode } from './errors.js';

/** The code of each failed operation on the bus, before anything was transferred. */
const USB_CODES: Readonly<Record<UsbErrorCode, ErrorCode>> = {
  'no-bus': 'no-bus',
  'no-device': 'no-such-device',
  'not-found': 'no-such-endpoint',
  ambiguous: 'ambiguous-endpoint',
  access: 'access',
  busy: 'busy',
  'no-memory': 'no-memory',
  stall: 'request-refused',
  'timed-out': 'no-answer',
  io: 'io',
  'not-supported': 'not-supported',
  invalid: 'internal', // nobody but usbxfer itself breaks the contract
  unavailable: 'libusb-unavailable',
  other: 'usb',
};

/** The code of what commander finds wrong; anything else is `usage`. */
const COMMANDER_CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['commander.unknownCommand', 'unknown-command'],
  ['commander.unknownOption', 'unknown-option'],
  ['commander.missingArgument', 'missing-argument'],
  ['commander.optionMissingArgument', 'missing-argument'],
  ['commander.invalidArgument', 'invalid-value'],
  ['commander.conflictingOption', 'conflicting-options'],
]);

/** The code of whatever was thrown before there was a capture. */
export function codeOfError(error: unknown): ErrorCode {
  if (error instanceof CliError) {
    return error.code;
  }
  if (error instanceof UsbError) {
    return USB_CODES[error.code];
  }
  if (error instanceof CommanderError) {
    return COMMANDER_CODES.get(error.code) ?? 'usage';
  }
  return 'internal';
}
