import type { Command } from 'commander';
import { UsbError } from '../../usb/errors.js';
import { CommanderError } from '../commander.js';
import { escapeUnsafe, toJson } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';
import { styled } from '../terminal/style.js';
import { adviceOf } from './advice.js';
import { causesOf, codeOfError, type NativeFailure, nativeFailure } from './classify.js';
import { CliError } from './cli-error.js';
import { type ErrorCode, exitCodeOf } from './codes.js';

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
      ? (await import('./suggest.js')).explainUsage(error, command)
      : { message: messageOf(error, code), advice: adviceFor(error, code) };
  const debugging = debug ? await import('./print.js') : undefined;
  if (json) {
    const native = causesOf(error).map(nativeFailure).find(Boolean);
    const details = debugging?.debugRecord([error]);
    logToStderr(
      toJson(errorRecord({ code, message, exit_code: exitCode, advice, native, debug: details })),
    );
    return exitCode;
  }
  if (debugging !== undefined) {
    logToStderr(debugging.debugText([error]));
  }
  const line = advice === undefined ? message : `${message}; ${advice}`;
  logToStderr(`${await styled('stderr', 'red', 'usbxfer:')} ${escapeUnsafe(line)}`);
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
  return error instanceof UsbError && error.code === 'no-memory'
    ? 'ask for less at once with --transfers or --transfer-size'
    : adviceOf(error);
}

/** A failure, as `schema/error.schema.json` says. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly exit_code: number;
  readonly advice?: string | undefined;
  readonly native?: unknown;
  readonly debug?: unknown;
}

/** What a command says with --json when it has no result to tell. */
export function errorRecord(record: ErrorRecord): Record<string, unknown> {
  return { schema: 'usbxfer.error/1', ...record };
}

/** One failure of a chain, as `--json --debug` prints it. */
export interface CauseRecord {
  readonly name: string;
  readonly message: string;
  readonly native: NativeFailure | undefined;
  /** Innermost call first. */
  readonly stack: readonly string[];
}

/**
 * What `--debug` adds to a JSON object.
 *
 * @param errors failures that have nothing to do with each other
 */
export function debugRecord(errors: readonly unknown[]): { causes: CauseRecord[] } {
  return { causes: errors.flatMap(causesOf).map(toRecord) };
}

/** What `--debug` adds to a message: each failure and where it came from, safe to show. */
export function debugText(errors: readonly unknown[]): string {
  return errors
    .flatMap((error) => causesOf(error).map((cause, depth) => causeText(cause, depth > 0)))
    .join('\n');
}

function causeText(error: unknown, isCause: boolean): string {
  const { name, message, native, stack } = toRecord(error);
  const said = `${isCause ? 'caused by' : 'debug'}: ${name}: ${message}${native ? nativeText(native) : ''}`;
  return [said, ...stack.map((frame) => `    ${frame}`)].map(escapeUnsafe).join('\n');
}

function nativeText({ code, errno, syscall }: NativeFailure): string {
  const words = [code, `errno ${errno}`, syscall].filter((word) => word !== undefined);
  return ` (${words.join(', ')})`;
}

function toRecord(error: unknown): CauseRecord {
  if (!(error instanceof Error)) {
    return { name: typeof error, message: String(error), native: undefined, stack: [] };
  }
  const { name, message } = error;
  return { name, message, native: nativeFailure(error), stack: framesOf(error) };
}

/** Without the message, which begins it, and which may have lines of its own. */
function framesOf({ stack = '' }: Error): string[] {
  return stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}
