import type { ErrorCode } from './errors.js';

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
