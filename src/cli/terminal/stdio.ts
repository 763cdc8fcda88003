import { closeSync, fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { CliError, systemReason } from '../errors/cli-error.js';
import type { TerminalLine } from './live-line.js';
import { NonBlockingWriter, nonBlocking } from './nonblocking-writer.js';

const STDERR = 2;

/** How long the last words may take to get through, in milliseconds. */
const LAST_WORDS = 1000;

let messages: NonBlockingWriter | undefined;
let line: TerminalLine | undefined;
const printed: Promise<void>[] = [];

/** Prints a command's result, text, on stdout. */
export function print(text: string): void {
  const { stdout } = process;
  if (printed.length === 0) {
    stdout.on('error', () => {}); // the callback tells as well
  }
  const written = new Promise<void>((resolve, reject) => {
    stdout.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
  });
  written.catch(() => {}); // `finishPrinting` tells
  printed.push(written);
}

/**
 * Waits for what was printed to be out. A reader that closed early has had enough.
 *
 * @throws CliError when stdout did not take it
 */
export async function finishPrinting(): Promise<void> {
  try {
    await Promise.all(printed);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EPIPE') {
      const message = `cannot write to stdout: ${systemReason(cause)}`;
      throw new CliError('output-failed', message, { cause });
    }
  }
}

/**
 * Says something to the person, on stderr. Never waits, so that no data waits either. Nobody may be
 * listening: that is no failure.
 */
export function logToStderr(text: string): void {
  line?.erase();
  stderrMessages().put(`${text}\n`);
}

/** What is waiting to be said. */
export function stderrMessages(): NonBlockingWriter {
  messages ??= new NonBlockingWriter(nonBlocking(STDERR) ?? stderrOfNode());
  return messages;
}

/** Keeps what is said clear of a line on the terminal, from here on. */
export function keepClearOf(shown: TerminalLine | undefined): void {
  line = shown;
}

/** Waits a moment for what was said to get through. After that the process may end. */
export async function finishSaying(): Promise<void> {
  await messages?.drained(LAST_WORDS);
}

/**
 * Lets go of a terminal that has been closed, at the very end: where Node cannot put its settings
 * back, it aborts.
 */
export function releaseLostTerminals(): void {
  for (const fd of [0, 1, STDERR]) {
    try {
      // A terminal that is gone is none any more; of other devices nothing is needed either.
      if (fstatSync(fd).isCharacterDevice() && !isatty(fd)) {
        closeSync(fd);
      }
    } catch {
      // It is closed already.
    }
  }
}

/** Node makes stderr non-blocking, except for a terminal, and blocking again when the process ends. */
function stderrOfNode(): number {
  process.stderr.on('error', () => {});
  return STDERR;
}
