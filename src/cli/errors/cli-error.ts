import { toError } from '../../usb/errors.js';
import type { ErrorCode } from './codes.js';

/** A failure to tell the user in one line; what to exit with follows from its code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: ErrorCode;
  /** What to do about it; the message says only what is wrong. */
  readonly advice: string | undefined;
  /** The signal, of `interrupted`. */
  readonly signal: NodeJS.Signals | undefined;

  constructor(code: ErrorCode, message: string, options?: CliErrorOptions) {
    super(message, options);
    this.code = code;
    this.advice = options?.advice;
    this.signal = options?.signal;
  }
}

export interface CliErrorOptions extends ErrorOptions {
  readonly advice?: string | undefined;
  readonly signal?: NodeJS.Signals | undefined;
}

/**
 * What the system said, for a message that names the file already: `ENOENT: no such file or
 * directory, open 'x'` without the code, the call and the path. Only an fsync is named: all is
 * written then, and yet may not be on the disk.
 */
export function systemReason(error: unknown): string {
  return toError(error)
    .message.replace(/^[A-Z0-9]+: /, '')
    .replace(/, fsync$/, ' at fsync')
    .replace(/, \w+( '.*')?$/s, '');
}
