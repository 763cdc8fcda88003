import type { Command } from 'commander';
import { UsbError } from '../usb/errors.js';
import { causesOf, nativeFailure } from './causes.js';
import { CliError } from './cli-error.js';
import { CommanderError } from './commander.js';
import { codeOfError } from './error-code.js';
import { errorRecord } from './error-record.js';
import { type ErrorCode, exitCodeOf } from './errors.js';
import { escapeUnsafe, toJson } from './sanitize.js';
import { say } from './stdio.js';
import { styled } from './style.js';

/** How a failure is told. */
export interface FailureOptions {
  /** As one JSON object, not as one line. */
  readonly json: boolean;
  /** With all that began it. */
  readonly debug: boolean;
  /** Whose arguments were wrong, if so. */
  readonly command: Command | undefined;
}

/** Says on stderr why there is no result, or no capture; returns the code to exit with. */
export async function fail(error: unknown, options: FailureOptions): Promise<number> {
  const { json, debug, command } = options;
  const code = codeOfError(error);
  const exitCode = exitCodeOf(code, error instanceof CliError ? error.signal : undefined);
  const { message, advice } =
    error instanceof CommanderError
      ? (await import('./usage-error.js')).explainUsage(error, command)
      : { message: messageOf(error, code), advice: adviceFor(error, code) };
  const debugging = debug ? await import('./debug.js') : undefined;
  if (json) {
    const native = causesOf(error).map(nativeFailure).find(Boolean);
    const details = debugging?.debugRecord([error]);
    say(
      toJson(errorRecord({ code, message, exit_code: exitCode, advice, native, debug: details })),
    );
    return exitCode;
  }
  if (debugging !== undefined) {
    say(debugging.debugText([error]));
  }
  const line = advice === undefined ? message : `${message}; ${advice}`;
  say(`${await styled('stderr', 'red', 'usbxfer:')} ${escapeUnsafe(line)}`);
  return exitCode;
}

/** In one line, whatever was in it; it may quote arguments and device strings. */
function messageOf(error: unknown, code: ErrorCode): string {
  const message = error instanceof Error ? error.message : String(error);
  return (code === 'internal' ? `internal error: ${message}` : message).replaceAll('\n', ' ');
}

function adviceFor(error: unknown, code: ErrorCode): string | undefined {
  if (code === 'internal') {
    return 'please report it, with what --debug adds';
  }
  if (error instanceof CliError) {
    return error.advice;
  }
  if (!(error instanceof UsbError)) {
    return undefined;
  }
  if (error.driver !== undefined) {
    return '--detach takes it away for the time of the transfer';
  }
  return error.code === 'no-memory'
    ? 'ask for less at once with --transfers or --transfer-size'
    : error.advice;
}
