import { CommanderError } from 'commander';
import { UsbError, type UsbErrorCode } from '../../usb/errors.js';
import { CliError } from './cli-error.js';
import type { ErrorCode } from './codes.js';

/** The error code of each failed USB operation before the first transfer. */
const USB_CODES: Readonly<Record<UsbErrorCode, ErrorCode>> = {
  'no-bus': 'no-bus',
  'no-server': 'no-server',
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
  invalid: 'internal', // only a bug in usbxfer violates the contract
  unavailable: 'libusb-unavailable',
  other: 'usb',
};

/** The error codes of commander's errors; `usage` for any other. */
const COMMANDER_CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['commander.unknownCommand', 'unknown-command'],
  ['commander.unknownOption', 'unknown-option'],
  ['commander.missingArgument', 'missing-argument'],
  ['commander.optionMissingArgument', 'missing-argument'],
  ['commander.invalidArgument', 'invalid-value'],
  ['commander.conflictingOption', 'conflicting-options'],
]);

/** Classifies whatever was thrown before the first transfer. */
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

/** The maximum number of causes in a chain. It also ends a circular chain. */
const MAX_CAUSES = 8;

/** A failure as reported by the operating system or a library. */
export interface NativeFailure {
  /** `ENOENT`, `LIBUSB_ERROR_BUSY`; undefined if there is only a number. */
  readonly code: string | undefined;
  readonly errno: number;
  /** The system call, or Node's name for it. */
  readonly syscall: string | undefined;
}

/** Lists an error and its causes, outermost first. */
export function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && chain.length < MAX_CAUSES; ) {
    chain.push(at);
    at = at instanceof Error ? at.cause : undefined;
  }
  return chain;
}

/**
 * The number and name that the system (`errno`) or libusb (`libusb_error`) gave a failure; undefined
 * if it came from neither. libusb's message is the name.
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
