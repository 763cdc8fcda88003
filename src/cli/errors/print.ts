import type { Command } from 'commander';
import { CommanderError } from 'commander';
import { escapeUnsafe, toJson } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';
import { painter } from '../terminal/style.js';
import { adviceOf } from './advice.js';
import { causesOf, codeOfError, type NativeFailure, nativeFailure } from './classify.js';
import { CliError } from './cli-error.js';
import { type ErrorCode, exitCodeOf, usualAdvice } from './codes.js';
import { explainUsage } from './suggest.js';

/** How to describe a failure. */
interface DescribeOptions {
  /** Whether to include causes and stack traces. */
  readonly debug: boolean;
  /** The command whose arguments were being parsed, if any. */
  readonly command?: Command | undefined;
}

/** How to print a failure. */
interface FailureOptions extends DescribeOptions {
  /** Whether to print one JSON object instead of one line. */
  readonly json: boolean;
}

/** Prints a failure on stderr. Returns the exit code. */
export async function fail(error: unknown, options: FailureOptions): Promise<number> {
  if (options.json) {
    const record = failureRecord(error, options);
    logToStderr(toJson(record));
    return record.exit_code;
  }
  const { exitCode, message, advice } = describe(error, options);
  if (options.debug) {
    logToStderr(debugText([error]));
  }
  const paint = await painter('stderr');
  const line = advice === undefined ? message : `${message}; ${advice}`;
  logToStderr(`${paint('red', 'usbxfer:')} ${escapeUnsafe(line)}`);
  return exitCode;
}

/** Makes the JSON object of a failure. */
export function failureRecord(
  error: unknown,
  options: DescribeOptions,
): ErrorRecord & { readonly [field: string]: unknown } {
  const { code, exitCode, message, advice } = describe(error, options);
  const native = causesOf(error).map(nativeFailure).find(Boolean);
  const debug = options.debug ? debugRecord([error]) : undefined;
  return errorRecord({ code, message, exit_code: exitCode, advice, native, debug });
}

function describe(error: unknown, { command }: DescribeOptions) {
  const code = codeOfError(error);
  const exitCode = exitCodeOf(code, error instanceof CliError ? error.signal : undefined);
  const text =
    error instanceof CommanderError
      ? explainUsage(error, command)
      : { message: messageOf(error, code), advice: chooseAdvice(error, code) };
  return { code, exitCode, ...text };
}

/** The message in one line. It may contain arguments and device strings. */
function messageOf(error: unknown, code: ErrorCode): string {
  const message = error instanceof Error ? error.message : String(error);
  return (code === 'internal' ? `internal error: ${message}` : message).replaceAll('\n', ' ');
}

/** The advice that the error carries. A CliError without any needs none. */
function chooseAdvice(error: unknown, code: ErrorCode): string | undefined {
  return error instanceof CliError ? error.advice : (adviceOf(error) ?? usualAdvice(code));
}

/** A failure in the format of schema/error.schema.json. */
interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly exit_code: number;
  readonly advice?: string | undefined;
  readonly native?: unknown;
  readonly debug?: unknown;
}

/** Makes the JSON object of a failure. */
export function errorRecord(
  record: ErrorRecord,
): ErrorRecord & { readonly [field: string]: unknown } {
  return { schema: 'usbxfer.error/1', ...record };
}

/** One error of a chain of causes, as printed by `--json --debug`. */
interface CauseRecord {
  readonly name: string;
  readonly message: string;
  readonly native: NativeFailure | undefined;
  /** Innermost call first. */
  readonly stack: readonly string[];
}

/**
 * The part that `--debug` adds to a JSON object.
 *
 * @param errors unrelated errors, each with its chain of causes
 */
export function debugRecord(errors: readonly unknown[]): { causes: CauseRecord[] } {
  return { causes: errors.flatMap(causesOf).map(toRecord) };
}

/** The lines that `--debug` adds to a message: each error with its stack trace, safe to print. */
export function debugText(errors: readonly unknown[]): string {
  return errors
    .flatMap((error) => causesOf(error).map((cause, depth) => causeText(cause, depth > 0)))
    .join('\n');
}

function causeText(error: unknown, isCause: boolean): string {
  const { name, message, native, stack } = toRecord(error);
  const heading = `${isCause ? 'caused by' : 'debug'}: ${name}: ${message}`;
  return [heading + (native ? nativeText(native) : ''), ...stack.map((frame) => `    ${frame}`)]
    .map(escapeUnsafe)
    .join('\n');
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

/** The frames of a stack trace, without the message before them, which may have several lines. */
function framesOf({ stack = '' }: Error): string[] {
  return stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}
