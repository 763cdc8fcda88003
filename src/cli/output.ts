import { isatty } from 'node:tty';
import { FdSink } from '../transfer/fd-sink.js';
import { FileSink, OutputError } from '../transfer/file-sink.js';
import type { Sink } from '../transfer/sink.js';
import { CliError, EXIT } from './exit-code.js';
import { sanitize } from './sanitize.js';
import { systemReason } from './system-reason.js';

const STDOUT = 1;

/**
 * Opens what `-o` names, `-` being stdout.
 *
 * @throws CliError when stdout is a terminal, which binary data would garble, and when the file
 *   cannot be had
 */
export async function openOutput(path: string, force: boolean): Promise<Sink> {
  if (path === '-') {
    if (isatty(STDOUT)) {
      throw new CliError(
        EXIT.usage,
        'will not write binary data to a terminal: redirect stdout (> dump.bin) or give -o FILE',
      );
    }
    return new FdSink(STDOUT);
  }
  try {
    return await FileSink.open(path, force);
  } catch (error) {
    const said = error instanceof OutputError ? error.message : systemReason(error);
    throw new CliError(EXIT.ioFailed, `cannot write ${sanitize(path)}: ${said}`, { cause: error });
  }
}
