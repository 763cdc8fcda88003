import { fstatSync, ftruncateSync, type Stats, writeSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openFile } from '../../engine/io/file-sink.js';
import { caught, toError } from '../../usb/errors.js';
import { CliError } from '../errors/cli-error.js';
import { NonBlockingWriter } from '../terminal/nonblocking-writer.js';
import { sanitize } from '../terminal/sanitize.js';
import { isStdoutClosed, nonBlockingOutput, STDERR, STDIN, STDOUT } from '../terminal/stdio.js';
import { cannotWrite } from './output.js';
import { statOf } from './output-name.js';
import { type Interruption, interruptedBy } from './shutdown.js';
import { isInheritedFd, STDIN_NAMES, STDOUT_NAMES } from './startup-fds.js';

/** How long to wait until the last text is read, in milliseconds. */
const FLUSH_TIMEOUT = 5000;

/** The options that write to a file of its own, next to the data, and the usual name of such a file. */
const SIDE_FILES = {
  '--stats': 'stats.jsonl',
  '--json': 'summary.json',
  '--record': 'record.pcapng',
  '--index': 'index.jsonl',
} as const;

export type SideOption = keyof typeof SIDE_FILES;

/** The names of the files that have the data, `-` for stdin and stdout; undefined for a device. */
export interface DataNames {
  readonly input: string | undefined;
  readonly output: string | undefined;
}

/** An output next to the data that is not open yet. */
export interface SidePlan {
  readonly option: SideOption;
  /** An inherited descriptor, or the name of a file. */
  readonly target: number | string;
  /** Whether an existing file is overwritten, or appended to. */
  readonly force: true | undefined;
  readonly append: true | undefined;
}

/**
 * Plans the output of an option. Opens nothing.
 *
 * @param value a file name; `-` is stdout, `fd:N` a descriptor that the shell opened
 * @throws CliError for an empty name
 */
export function planSide(
  option: SideOption,
  value: string,
  { force, append }: Partial<SidePlan>,
): SidePlan {
  if (value === '') {
    throw new CliError('invalid-value', `${option} needs a file name`, {
      advice: '- is stdout',
    });
  }
  return { option, target: descriptorNamed(value) ?? value, force, append };
}

/** The descriptor that a name stands for; undefined for the name of a file. */
function descriptorNamed(name: string): number | undefined {
  if (STDOUT_NAMES.has(name)) {
    return STDOUT;
  }
  if (name === '/dev/stderr') {
    return STDERR;
  }
  const fd = /^(?:fd:|\/dev\/fd\/|\/proc\/self\/fd\/)(\d{1,9})$/.exec(name)?.[1];
  return fd === undefined ? undefined : Number(fd);
}

/**
 * Whether nothing else is written to stdout: neither the data, nor one of the other outputs. Compares
 * files, because one file may have several names and descriptors.
 *
 * @param others text outputs besides the data
 */
export function isStdoutFree(
  output: string | undefined,
  others: readonly (SidePlan | undefined)[],
): boolean {
  if (isStdoutClosed() || (output !== undefined && STDOUT_NAMES.has(output))) {
    return false;
  }
  const stdout = statOfTarget(STDOUT);
  const used = [output, ...others.map((other) => other?.target)];
  return used.every(
    (target) =>
      target === undefined || (target !== STDOUT && !isSameFile(stdout, statOfTarget(target))),
  );
}

/** Text next to the data, such as one JSON object per line. Data never waits for it. */
export class SideOutput {
  readonly #fd: number;
  readonly #writer: NonBlockingWriter;
  /** Whether the file is emptied before the first text. */
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
   * Opens a text output. An existing file is treated like an existing output file.
   *
   * @param shutdown ends the wait for the reader of a FIFO
   * @param isTaken whether a file is already used for another text
   * @throws CliError if it cannot be opened, or is a file that has the data
   */
  static async open(
    plan: SidePlan,
    data: DataNames,
    shutdown: Interruption,
    isTaken: (file: Stats) => boolean = () => false,
  ): Promise<SideOutput> {
    const { target, force, append } = plan;
    if (typeof target === 'number') {
      checkDescriptor(plan, target);
      checkIsNotData(plan, data);
      return new SideOutput(target, false, async () => {});
    }
    checkIsNotData(plan, data);
    const name = sanitize(target);
    try {
      const { signal } = shutdown;
      const { file, created } = await openFile(target, {
        ...{ overwrite: force, append, signal, isTaken },
      });
      const overwrites = force === true && fstatSync(file.fd).isFile();
      return new SideOutput(file.fd, overwrites, async (used) => {
        await file.close();
        if (created && !used) {
          await unlink(target);
        }
      });
    } catch (cause) {
      throw (
        interruptedBy(shutdown, `waiting for a reader of ${name}`, cause) ??
        cannotWrite(name, cause, ['append', 'overwrite'])
      );
    }
  }

  /** Whether the text is written to this file. */
  isOpenOn(file: Stats): boolean {
    return isSameFile(fstatSync(this.#fd), file);
  }

  /** Writes text, or keeps it until the reader accepts it. Writes nothing after a failure. */
  put(text: string): void {
    if (errnoOf(this.#writer.failure) !== undefined) {
      return; // the text before it may be incomplete
    }
    if (this.#overwrites && !this.#used) {
      ftruncateSync(this.#fd);
    }
    this.#used = true;
    this.#writer.put(text);
  }

  /**
   * Waits briefly until the last text is read. Removes a file that was created but not used.
   *
   * @returns why some text was lost; undefined also if the reader closed the pipe
   */
  async close(): Promise<Error | undefined> {
    const failure = await this.#writer.finish(FLUSH_TIMEOUT);
    const closed = await caught(this.#dispose(this.#used));
    return failure ?? closed;
  }
}

/** @throws CliError unless the descriptor was inherited and can be written to */
export function checkDescriptor(plan: SidePlan, fd: number): void {
  if (!isInheritedFd(fd)) {
    throw notOpen(plan, fd, 'not open');
  }
  try {
    writeSync(fd, Buffer.alloc(0));
  } catch (cause) {
    throw errnoOf(toError(cause)) === 'EBADF'
      ? notOpen(plan, fd, 'not open for writing')
      : cannotWrite(`fd:${fd}`, cause);
  }
}

function notOpen({ option }: SidePlan, fd: number, state: string): CliError {
  return new CliError(
    'invalid-value',
    `${withValue(option, `fd:${fd}`)}: descriptor ${fd} is ${state}`,
    { advice: `open it in the shell: ${fd}> ${SIDE_FILES[option]}` },
  );
}

/** An option as it is typed. */
function withValue(option: SideOption, value: string): string {
  return option === '--json' ? `${option}=${value}` : `${option} ${value}`;
}

/** The system's code of an error; undefined for usbxfer's own errors. */
function errnoOf(failure: Error | undefined): string | undefined {
  return (failure as NodeJS.ErrnoException | undefined)?.code;
}

/** @throws CliError if a file, under any of its names, is one that has the data */
export function checkIsNotData({ option, target }: SidePlan, { input, output }: DataNames): void {
  const used = [
    [input, STDIN_NAMES, STDIN, 'comes from'],
    [output, STDOUT_NAMES, STDOUT, 'goes'],
  ] as const;
  for (const [data, names, descriptor, verb] of used) {
    if (data !== undefined && isSameTarget(target, names.has(data) ? descriptor : data)) {
      const name = typeof target === 'number' ? `fd:${target}` : sanitize(target);
      throw new CliError(
        'conflicting-options',
        `${withValue(option, name)} is where the data ${verb}`,
        { advice: 'name another file' },
      );
    }
  }
}

/** Whether two names or descriptors mean the same file or pipe. */
function isSameTarget(one: number | string, other: number | string): boolean {
  const isSameName =
    typeof one === 'string' && typeof other === 'string' && resolve(one) === resolve(other);
  return isSameName || isSameFile(statOfTarget(one), statOfTarget(other));
}

function statOfTarget(target: number | string): Stats | undefined {
  try {
    return typeof target === 'number' ? fstatSync(target) : statOf(target);
  } catch {
    return undefined; // it is not open
  }
}

/** Whether two files are the same file or pipe. Character devices, such as /dev/null, can be shared. */
export function isSameFile(one: Stats | undefined, other: Stats | undefined): boolean {
  return (
    one !== undefined && !one.isCharacterDevice() && one.ino === other?.ino && one.dev === other.dev
  );
}
