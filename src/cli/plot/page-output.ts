import { fstatSync, type Stats } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { isatty } from 'node:tty';
import { FdSink } from '../../engine/io/fd-sink.js';
import { FileSink } from '../../engine/io/file-sink.js';
import { isReaderGone, type Sink } from '../../engine/io/sink.js';
import { caught } from '../../usb/errors.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { cannotWrite } from '../session/output.js';
import { statOf } from '../session/output-name.js';
import { type Interruption, interruptedBy } from '../session/shutdown.js';
import { isSameFile } from '../session/side-output.js';
import { STDIN_NAMES, STDOUT_NAMES } from '../session/startup-fds.js';
import { sanitize } from '../terminal/sanitize.js';
import { requireStdout, STDIN, STDOUT } from '../terminal/stdio.js';

/** Where the page goes. */
export interface PageOutputOptions {
  /** A name that ends with .html or .htm; `-` is stdout. */
  readonly output: string;
  /** Whether an existing file is overwritten. */
  readonly force?: true | undefined;
  /** The files that are read: none of them is overwritten. */
  readonly inputs: readonly string[];
}

/** The file of a page. Nothing that exists is changed before `write`. */
export class PageOutput {
  readonly #name: string;
  readonly #sink: Sink;
  /** The file to remove if not all of the page can be written; undefined if there is none. */
  readonly #created: string | undefined;

  private constructor(name: string, sink: Sink, created?: string) {
    this.#name = name;
    this.#sink = sink;
    this.#created = created;
  }

  /**
   * Opens the output, so that nothing is read for a page that cannot be written.
   *
   * @param shutdown ends the wait for the reader of a FIFO
   * @throws CliError if the name is not that of a page, or the file cannot be written
   */
  static async open(
    { output, force, inputs }: PageOutputOptions,
    shutdown: Interruption,
  ): Promise<PageOutput> {
    if (STDOUT_NAMES.has(output)) {
      requireStdout();
      if (isatty(STDOUT)) {
        throw new CliError('stdout-is-terminal', 'will not write HTML to a terminal', {
          advice: 'name a file: -o report.html',
        });
      }
      return new PageOutput('stdout', new FdSink(STDOUT));
    }
    const name = sanitize(output);
    if (!/\.html?$/i.test(output)) {
      throw new CliError('invalid-value', `-o ${name}: usbxfer plot writes HTML`, {
        advice: 'give a name that ends with .html, or - for stdout',
      });
    }
    const isNew = statOf(output) === undefined;
    const isTaken = (file: Stats) => inputs.some((input) => isSameFile(statOfInput(input), file));
    try {
      const { signal } = shutdown;
      const sink = await FileSink.open(output, { overwrite: force, isTaken, signal });
      return new PageOutput(name, sink, isNew ? output : undefined);
    } catch (cause) {
      throw (
        interruptedBy(shutdown, `waiting for a reader of ${name}`, cause) ??
        cannotWrite(name, cause, ['overwrite'])
      );
    }
  }

  /**
   * Writes the page and closes the output. A reader that closes the pipe early is no failure.
   *
   * @throws CliError if not all of it was written; a file that was created is removed
   */
  async write(page: string): Promise<void> {
    const sink = this.#sink;
    try {
      await sink.start();
      await new Promise<void>((resolve, reject) => {
        sink.write([Buffer.from(page)], (error) => (error ? reject(error) : resolve()));
      });
    } catch (cause) {
      await caught(sink.close());
      if (!isReaderGone(cause)) {
        if (this.#created !== undefined) {
          await caught(unlink(this.#created));
        }
        throw cannotFinish(this.#name, cause);
      }
      return;
    }
    const failure = await caught(sink.close());
    if (failure !== undefined) {
      throw cannotFinish(this.#name, failure);
    }
  }

  /** Closes the output without a page. Removes a file that was created for it. */
  async discard(): Promise<void> {
    await caught(this.#sink.close());
  }
}

function cannotFinish(name: string, cause: unknown): CliError {
  const message = `cannot write ${name}: ${systemReason(cause)}`;
  return new CliError('output-failed', message, { cause });
}

function statOfInput(input: string): Stats | undefined {
  return STDIN_NAMES.has(input) ? fstatSync(STDIN) : statOf(input);
}
