import { UsbError, type UsbErrorCode } from '../../usb/errors.js';
import { CommanderError } from '../commander.js';
import { CliError } from './cli-error.js';
import type { ErrorCode } from './codes.js';

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

/** Causes that are looked at; a longer chain, or one that bites its tail, tells nothing more. */
const MOST_CAUSES = 8;

/** What a system or a library calls a failure. */
export interface NativeFailure {
  /** `ENOENT`, `LIBUSB_ERROR_BUSY`; undefined where it has but a number. */
  readonly code: string | undefined;
  readonly errno: number;
  /** The system call, or what Node calls it. */
  readonly syscall: string | undefined;
}

/** A failure, and what began it: each with the cause of the one before. */
export function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && chain.length < MOST_CAUSES; ) {
    chain.push(at);
    at = at instanceof Error ? at.cause : undefined;
  }
  return chain;
}

/**
 * The number by which the system (`errno`) or libusb (`libusb_error`) knows a failure; undefined
 * for one that came from neither. libusb's has its name for a message.
 */
export function nativeFailure(error: unknown): NativeFailure | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const { code, errno, syscall, message }: NodeJS.ErrnoException = error;
  if (typeof errno !== 'number') {
    return undefined;
  }
  const libusb = /^LIBUSB_\w+$/.test(message) ? message : undefined;
  return { code: typeof code === 'string' ? code : libusb, errno, syscall };
}
