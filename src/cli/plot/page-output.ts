import { randomBytes } from 'node:crypto';
import { fstatSync, type Stats } from 'node:fs';
import { chmod, chown, realpath, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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

/** A regular file that is overwritten. */
interface OldFile {
  readonly path: string;
  readonly stats: Stats;
}

/** The file of a page. A page that exists stays as it is until the new one beside it is complete. */
export class PageOutput {
  readonly #name: string;
  readonly #sink: Sink;
  /** The file that was created, to remove if not all of the page can be written. */
  readonly #created: string | undefined;
  /** The file that the created one replaces. */
  readonly #old: OldFile | undefined;

  private constructor(
    name: string,
    sink: Sink,
    { created, old }: { readonly created?: string; readonly old?: OldFile } = {},
  ) {
    this.#name = name;
    this.#sink = sink;
    this.#created = created;
    this.#old = old;
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
    const existing = statOf(output);
    const isTaken = (file: Stats) => inputs.some((input) => isSameFile(statOfInput(input), file));
    try {
      const { signal } = shutdown;
      const sink = await FileSink.open(output, { overwrite: force, isTaken, signal });
      if (existing === undefined) {
        return new PageOutput(name, sink, { created: output });
      }
      if (!existing.isFile()) {
        return new PageOutput(name, sink);
      }
      await sink.close();
      const old = { path: await realpath(output), stats: existing };
      const created = join(dirname(old.path), `.usbxfer-${randomBytes(6).toString('hex')}.tmp`);
      return new PageOutput(name, await openBeside(name, created), { created, old });
    } catch (cause) {
      throw (
        (cause instanceof CliError ? cause : undefined) ??
        interruptedBy(shutdown, `waiting for a reader of ${name}`, cause) ??
        cannotWrite(name, cause, ['overwrite'])
      );
    }
  }

  /**
   * Writes the page and closes the output. A reader that closes the pipe early is no failure.
   *
   * @throws CliError if not all of it was written; a file that was created is removed, and an old one stays
   */
  async write(page: string): Promise<void> {
    try {
      await writeAll(this.#sink, page);
      if (this.#created !== undefined && this.#old !== undefined) {
        await replace(this.#old, this.#created);
      }
    } catch (cause) {
      if (isReaderGone(cause)) {
        return;
      }
      if (this.#created !== undefined) {
        await caught(unlink(this.#created));
      }
      throw cannotFinish(this.#name, cause);
    }
  }

  /** Closes the output without a page. Removes a file that was created for it. */
  async discard(): Promise<void> {
    await caught(this.#sink.close());
  }
}

/** Opens the file that takes the place of an old one. @param name of the old one, in messages */
async function openBeside(name: string, path: string): Promise<Sink> {
  try {
    return await FileSink.open(path);
  } catch (cause) {
    const message = `cannot overwrite ${name}: cannot make a file in its folder: ${systemReason(cause)}`;
    throw new CliError('cannot-open-output', message, {
      advice: 'choose a name in another folder',
      cause,
    });
  }
}

/** Writes a page and closes the sink. */
async function writeAll(sink: Sink, page: string): Promise<void> {
  try {
    await sink.start();
    await new Promise<void>((resolve, reject) => {
      sink.write([Buffer.from(page)], (error) => (error ? reject(error) : resolve()));
    });
  } catch (cause) {
    await caught(sink.close());
    throw cause;
  }
  await sink.close();
}

/** Gives a new file the name, the permissions and, if possible, the owner of the old one. */
async function replace({ path, stats: { mode, uid, gid } }: OldFile, fresh: string): Promise<void> {
  await caught(chown(fresh, uid, gid)); // only root may give a file away
  await chmod(fresh, mode & 0o777);
  await rename(fresh, path);
}

function cannotFinish(name: string, cause: unknown): CliError {
  const message = `cannot write ${name}: ${systemReason(cause)}`;
  return new CliError('output-failed', message, { cause });
}

function statOfInput(input: string): Stats | undefined {
  return STDIN_NAMES.has(input) ? fstatSync(STDIN) : statOf(input);
}
