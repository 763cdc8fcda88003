import { fstatSync, type Stats, statSync } from 'node:fs';
import { isatty } from 'node:tty';
import { FdSink } from '../transfer/fd-sink.js';
import { FileSink, OutputError } from '../transfer/file-sink.js';
import type { Sink } from '../transfer/sink.js';
import { CliError, EXIT, exitCodeOfSignal } from './exit-code.js';
import { isStdoutClosed } from './inherited.js';
import { sanitize } from './sanitize.js';
import type { Interruption } from './signals.js';
import { systemReason } from './system-reason.js';

const STDOUT = 1;

/**
 * Names of stdout. The system's own ways to open them are no good: a file would be written from its
 * beginning again, and a socket not at all.
 */
export const STDOUT_NAMES: ReadonlySet<string> = new Set([
  '-',
  '/dev/stdout',
  '/dev/fd/1',
  '/proc/self/fd/1',
]);

/** Where the data goes, and how. */
export interface OutputOptions {
  readonly output: string;
  readonly force?: true;
  readonly append?: true;
  readonly fsync?: true;
}

/**
 * Opens what `-o` names, `-` being stdout.
 *
 * @param interruption ends the wait for the reader of a FIFO
 * @throws CliError when stdout is closed, or a terminal, which binary data would garble, when the
 *   options do not fit the output, when the file cannot be had, and when a signal came meanwhile
 */
export async function openOutput(
  options: OutputOptions,
  interruption: Pick<Interruption, 'signal' | 'received'>,
): Promise<Sink> {
  return STDOUT_NAMES.has(options.output) ? openStdout(options) : openFile(options, interruption);
}

function openStdout({ append, fsync }: OutputOptions): Sink {
  if (isStdoutClosed()) {
    throw new CliError(
      EXIT.ioFailed,
      'stdout is closed: redirect it (> dump.bin) or give -o FILE; -o /dev/null throws the data away',
    );
  }
  if (isatty(STDOUT)) {
    throw new CliError(
      EXIT.usage,
      'will not write binary data to a terminal: redirect stdout (> dump.bin) or give -o FILE',
    );
  }
  if (append) {
    throw new CliError(EXIT.usage, '--append needs -o FILE; the shell appends with >> FILE');
  }
  if (fsync) {
    requireDisk('stdout', fstatSync(STDOUT));
  }
  return new FdSink(STDOUT, fsync === true);
}

async function openFile(
  options: OutputOptions,
  interruption: Pick<Interruption, 'signal' | 'received'>,
): Promise<Sink> {
  const { output, force, append, fsync } = options;
  const name = sanitize(output);
  if (fsync) {
    requireDisk(name, statSync(output, { throwIfNoEntry: false }));
  }
  try {
    return await FileSink.open(output, { force, append, sync: fsync, signal: interruption.signal });
  } catch (error) {
    const { received } = interruption;
    if (received !== undefined) {
      const message = `${received} while waiting for a reader of ${name}`;
      throw new CliError(exitCodeOfSignal(received), message, { cause: error });
    }
    const said = error instanceof OutputError ? error.message : systemReason(error);
    throw new CliError(EXIT.ioFailed, `cannot write ${name}: ${said}`, { cause: error });
  }
}

/** A promise that cannot be kept is not made: nobody knows when a pipe's reader has it on a disk. */
function requireDisk(name: string, existing: Stats | undefined): void {
  if (existing?.isFIFO() || existing?.isCharacterDevice() || existing?.isSocket()) {
    throw new CliError(EXIT.usage, `--fsync needs a file on a disk, which ${name} is not`);
  }
}
