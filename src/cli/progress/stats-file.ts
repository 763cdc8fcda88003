import { fstatSync, ftruncateSync, type Stats, statSync, writeSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openFile } from '../../engine/io/file-sink.js';
import { caught, toError } from '../../usb/errors.js';
import { CliError } from '../errors/cli-error.js';
import type { ReportPlan, StatsPlan } from '../options/plan.js';
import { cannotWrite } from '../session/output.js';
import { type Interruption, interruptedBy } from '../session/shutdown.js';
import { isInheritedFd, STDIN_NAMES, STDOUT_NAMES } from '../session/startup-fds.js';
import { NonBlockingWriter } from '../terminal/nonblocking-writer.js';
import { sanitize, toJsonLine } from '../terminal/sanitize.js';
import { nonBlockingOutput, STDIN, STDOUT } from '../terminal/stdio.js';

/** How long to wait for the last records to be read, in milliseconds. */
const FLUSH_TIMEOUT = 5000;

/** The names of the files that have the data. */
type DataNames = Pick<ReportPlan, 'input' | 'output'>;

/** The output of `--stats`: one JSON object per line. Data never waits for it. */
export class StatsFile {
  readonly #fd: number;
  readonly #writer: NonBlockingWriter;
  /** Whether the file is emptied before the first record. */
  readonly #overwrites: boolean;
  /** Closes the descriptor at the end. */
  readonly #dispose: (used: boolean) => Promise<void>;
  #used = false;

  private constructor(fd: number, overwrites: boolean, dispose: (used: boolean) => Promise<void>) {
    this.#fd = fd;
    this.#writer = new NonBlockingWriter(nonBlockingOutput(fd));
    this.#overwrites = overwrites;
    this.#dispose = dispose;
  }

  /**
   * Opens the output of `--stats`. An existing file is treated like an existing output file.
   *
   * @param shutdown ends the wait for the reader of a FIFO
   * @throws CliError if it cannot be opened
   */
  static async open(
    { target, force, append }: StatsPlan,
    data: DataNames,
    shutdown: Interruption,
  ): Promise<StatsFile> {
    if (typeof target === 'number') {
      checkDescriptor(target);
      return new StatsFile(target, false, async () => {});
    }
    checkIsNotData(target, data);
    const name = sanitize(target);
    try {
      const { file, created } = await openFile(target, {
        overwrite: force,
        append,
        signal: shutdown.signal,
      });
      const overwrites = force === true && fstatSync(file.fd).isFile();
      return new StatsFile(file.fd, overwrites, async (used) => {
        await file.close();
        if (created && !used) {
          await unlink(target);
        }
      });
    } catch (cause) {
      // `write` has no options for existing files.
      const offered = data.output === undefined ? [] : (['append', 'overwrite'] as const);
      throw (
        interruptedBy(shutdown, `waiting for a reader of ${name}`, cause) ??
        cannotWrite(name, cause, offered)
      );
    }
  }

  /** Whether the records are written to this file. */
  isOpenOn({ dev, ino }: Stats): boolean {
    const own = fstatSync(this.#fd);
    return !own.isCharacterDevice() && own.dev === dev && own.ino === ino;
  }

  /**
   * Writes a record, or keeps it until the reader accepts it. Writes nothing after a record that
   * failed half-way: it would not be on a line of its own.
   */
  put(record: Record<string, unknown>): void {
    if (errnoOf(this.#writer.failure) !== undefined) {
      return;
    }
    if (this.#overwrites && !this.#used) {
      ftruncateSync(this.#fd);
    }
    this.#used = true;
    this.#writer.put(`${toJsonLine(record)}\n`);
  }

  /**
   * Waits briefly for the last records to be read. Removes a file that was created but not used.
   *
   * @returns why some records were lost; undefined also if the reader closed the pipe
   */
  async close(): Promise<Error | undefined> {
    const failure = await this.#writer.finish(FLUSH_TIMEOUT);
    const closed = await caught(this.#dispose(this.#used));
    return failure ?? closed;
  }
}

/** @throws CliError unless the descriptor was inherited and can be written to */
function checkDescriptor(fd: number): void {
  if (!isInheritedFd(fd)) {
    throw notOpen(fd, 'not open');
  }
  try {
    writeSync(fd, Buffer.alloc(0));
  } catch (cause) {
    throw errnoOf(toError(cause)) === 'EBADF'
      ? notOpen(fd, 'not open for writing')
      : cannotWrite(`fd:${fd}`, cause);
  }
}

function notOpen(fd: number, state: string): CliError {
  return new CliError('invalid-value', `--stats fd:${fd}: descriptor ${fd} is ${state}`, {
    advice: `open it in the shell: ${fd}> stats.jsonl`,
  });
}

/** The system's code of an error; undefined for usbxfer's own errors. */
function errnoOf(failure: Error | undefined): string | undefined {
  return (failure as NodeJS.ErrnoException | undefined)?.code;
}

/** @throws CliError if a file, under any of its names, is one that has the data */
function checkIsNotData(stats: string, { input, output }: DataNames): void {
  const used = [
    [input, STDIN_NAMES, STDIN, 'comes from'],
    [output, STDOUT_NAMES, STDOUT, 'goes'],
  ] as const;
  for (const [data, names, descriptor, verb] of used) {
    if (data !== undefined && isSameFile(stats, data, names.has(data) ? descriptor : undefined)) {
      const message = `--stats ${sanitize(stats)} is where the data ${verb}`;
      throw new CliError('conflicting-options', message, { advice: 'name another file' });
    }
  }
}

/**
 * Whether two names mean the same file or pipe. Devices can be shared.
 *
 * @param descriptor the descriptor that `data` stands for, if it is not the name of a file
 */
function isSameFile(stats: string, data: string, descriptor: number | undefined): boolean {
  if (resolve(stats) === resolve(data)) {
    return true;
  }
  const one = statSync(stats, { throwIfNoEntry: false });
  const other =
    descriptor === undefined ? statSync(data, { throwIfNoEntry: false }) : fstatSync(descriptor);
  const isDevice = one?.isCharacterDevice() || one?.isBlockDevice();
  return one !== undefined && !isDevice && one.ino === other?.ino && one.dev === other.dev;
}
