import { causesOf, type NativeFailure, nativeFailure } from './causes.js';
import { escapeUnsafe } from './sanitize.js';

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
