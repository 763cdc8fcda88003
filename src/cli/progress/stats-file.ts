import { fstatSync, ftruncateSync, type Stats, statSync, writeSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openFile } from '../../engine/io/file-sink.js';
import { caught, toError } from '../../usb/errors.js';
import { CliError } from '../errors/cli-error.js';
import { endRecord } from '../report/record.js';
import type { Report } from '../report/report.js';
import { refusal } from '../session/output.js';
import type { ShutdownController } from '../session/shutdown.js';
import { isInheritedFd, STDIN_NAMES, STDOUT_NAMES } from '../session/startup-fds.js';
import { NonBlockingWriter } from '../terminal/nonblocking-writer.js';
import { sanitize, toJsonLine } from '../terminal/sanitize.js';
import { nonBlockingOutput, STDIN, STDOUT } from '../terminal/stdio.js';
import { type MonitoredStream, timeOf } from './stream.js';

/** How long the last records may take to get through, in milliseconds. */
const LAST_WORDS = 5000;

/** Where the data comes from and goes to, where that is no device: `-` is stdin and stdout. */
export interface DataNames {
  readonly input?: string;
  readonly output?: string;
}

/** What `--stats` says, and how it is to treat an existing file. */
export interface StatsOptions extends DataNames {
  /** A file, `-` for stdout, or `fd:N`. */
  readonly stats: string;
  readonly force?: true;
  readonly append?: true;
}

/** Where records for programs go, one JSON object a line. It is never waited for while data flows. */
export class StatsOutput {
  readonly #fd: number;
  readonly #queue: NonBlockingWriter;
  /** Whether the file is to be emptied, once there is something to write. */
  readonly #overwrites: boolean;
  /** What to do with the descriptor at the end. */
  readonly #dispose: (used: boolean) => Promise<void>;
  #used = false;

  private constructor(fd: number, overwrites: boolean, dispose: (used: boolean) => Promise<void>) {
    this.#fd = fd;
    this.#queue = new NonBlockingWriter(nonBlockingOutput(fd));
    this.#overwrites = overwrites;
    this.#dispose = dispose;
  }

  /**
   * Opens what `--stats` names. An existing file is treated as one of the data's would be.
   *
   * @param interruption ends the wait for the reader of a FIFO
   * @throws CliError when it cannot be had
   */
  static async open(
    options: StatsOptions,
    interruption: Pick<ShutdownController, 'signal' | 'received'>,
  ): Promise<StatsOutput> {
    const { stats, output } = options;
    if (stats === '') {
      throw new CliError('invalid-value', '--stats needs the name of a file');
    }
    const fd =
      stats === '-' ? STDOUT : /^fd:\d{1,9}$/.test(stats) ? Number(stats.slice(3)) : undefined;
    if (fd === undefined) {
      return StatsOutput.#openFile(options, interruption);
    }
    if (fd === STDOUT && output !== undefined && STDOUT_NAMES.has(output)) {
      throw new CliError('conflicting-options', `--stats ${stats}: stdout has the data`, {
        advice: 'give -o FILE, or --stats fd:3 with 3> stats.jsonl',
      });
    }
    if (!isInheritedFd(fd)) {
      throw notOpen(fd, 'not open');
    }
    try {
      writeSync(fd, Buffer.alloc(0));
    } catch (cause) {
      throw errnoOf(toError(cause)) === 'EBADF'
        ? notOpen(fd, 'not open for writing')
        : refusal(stats, cause);
    }
    return new StatsOutput(fd, false, async () => {});
  }

  static async #openFile(
    { stats, input, output, force, append }: StatsOptions,
    interruption: Pick<ShutdownController, 'signal' | 'received'>,
  ): Promise<StatsOutput> {
    const name = sanitize(stats);
    const isData = [
      [input, STDIN_NAMES, STDIN, 'comes from'],
      [output, STDOUT_NAMES, STDOUT, 'goes'],
    ] as const;
    for (const [data, names, descriptor, verb] of isData) {
      if (data !== undefined && isSameFile(stats, data, names.has(data) ? descriptor : undefined)) {
        throw new CliError('conflicting-options', `--stats ${name} is where the data ${verb}`, {
          advice: 'name another file',
        });
      }
    }
    try {
      const { file, created } = await openFile(stats, {
        overwrite: force,
        append,
        signal: interruption.signal,
      });
      const overwrites = force === true && fstatSync(file.fd).isFile();
      return new StatsOutput(file.fd, overwrites, async (used) => {
        await file.close();
        if (created && !used) {
          await unlink(stats);
        }
      });
    } catch (cause) {
      const { received } = interruption;
      if (received !== undefined) {
        const message = `${received} while waiting for a reader of ${name}`;
        throw new CliError('interrupted', message, { signal: received, cause });
      }
      // `write` has no options for existing files.
      throw refusal(name, cause, output === undefined ? [] : ['append', 'overwrite']);
    }
  }

  /** Whether records go to this file. */
  isOpenOn({ dev, ino }: Stats): boolean {
    const own = fstatSync(this.#fd);
    return !own.isCharacterDevice() && own.dev === dev && own.ino === ino;
  }

  /**
   * Writes a record, or keeps it until the reader takes it. Behind one that failed half-way nothing
   * more is written: it would not stand on a line of its own.
   */
  put(record: Record<string, unknown>): void {
    if (errnoOf(this.#queue.failure) !== undefined) {
      return;
    }
    if (this.#overwrites && !this.#used) {
      ftruncateSync(this.#fd);
    }
    this.#used = true;
    this.#queue.put(`${toJsonLine(record)}\n`);
  }

  /**
   * Waits a moment for what was put to get through. A file that was made for nothing is removed.
   *
   * @returns why some of it did not; undefined also when the reader has closed the pipe
   */
  async close(): Promise<Error | undefined> {
    const failure = await this.#queue.finish(LAST_WORDS);
    const closed = await caught(this.#dispose(this.#used));
    return failure ?? closed;
  }
}

function notOpen(fd: number, state: string): CliError {
  return new CliError('invalid-value', `--stats fd:${fd}: descriptor ${fd} is ${state}`, {
    advice: `open it in the shell: ${fd}> stats.jsonl`,
  });
}

/** The system's name for a failure; undefined for one of our own. */
function errnoOf(failure: Error | undefined): string | undefined {
  return (failure as NodeJS.ErrnoException | undefined)?.code;
}

/**
 * Whether it is the data's file or pipe, whatever its name; a device is nobody's alone.
 *
 * @param descriptor what the data's name stands for, if it is no file's
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

/**
 * How far it is: a line of `--stats`, as the schema says that the subject names.
 *
 * @param now monotonic milliseconds
 */
export function statsRecord(subject: MonitoredStream, now: number): Record<string, unknown> {
  return {
    schema: subject.schema,
    final: false,
    time: new Date().toISOString(),
    ...subject.record(now),
  };
}

/** The last line: the sums, and how it ended. */
export function finalStatsRecord(
  subject: MonitoredStream,
  report: Report,
): Record<string, unknown> {
  return { ...statsRecord(subject, timeOf(subject)), final: true, ...endRecord(report) };
}
