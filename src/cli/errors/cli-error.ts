import { toError } from '../../usb/errors.js';
import type { ErrorCode } from './codes.js';

/** A failure with an error code and a message for the user. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: ErrorCode;
  /** The remedy; the message describes only the failure. */
  readonly advice: string | undefined;
  /** The signal, for `interrupted`. */
  readonly signal: NodeJS.Signals | undefined;

  constructor(code: ErrorCode, message: string, options?: CliErrorOptions) {
    super(message, options);
    this.code = code;
    this.advice = options?.advice;
    this.signal = options?.signal;
  }
}

interface CliErrorOptions extends ErrorOptions {
  readonly advice?: string | undefined;
  readonly signal?: NodeJS.Signals | undefined;
}

/**
 * The reason in a system error, for a message that already names the file: `no such file or
 * directory` from `ENOENT: no such file or directory, open 'x'`. Only fsync is named, because all data
 * has been written when it fails, but may not be on the disk.
 */
export function systemReason(error: unknown): string {
  return toError(error)
    .message.replace(/^[A-Z0-9]+: /, '')
    .replace(/, fsync$/, ' at fsync')
    .replace(/, \w+( '.*')?$/s, '');
}
