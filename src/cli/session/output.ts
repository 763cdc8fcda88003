import { fstatSync, type Stats } from 'node:fs';
import { isatty } from 'node:tty';
import { OutputError } from '../../engine/io/errors.js';
import { FdSink } from '../../engine/io/fd-sink.js';
import { FileSink, type FileSinkOptions } from '../../engine/io/file-sink.js';
import type { Sink } from '../../engine/io/sink.js';
import type { DeviceInfo } from '../../usb/model.js';
import { fileAdvice, type OverwriteOption } from '../errors/advice.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { sanitize } from '../terminal/sanitize.js';
import { STDOUT } from '../terminal/stdio.js';
import {
  isSplit,
  type OutputOptions,
  type OutputPlan,
  requireFile,
  statOf,
} from './output-name.js';
import type { ShutdownController } from './shutdown.js';
import { isStdoutClosed } from './startup-fds.js';

/** The files of an output. */
export interface OutputFiles {
  /** How many there are, from 1 on. */
  readonly files: number;
  /** The names of the first and the last, as they were opened: the same of a single one. */
  readonly first: string;
  readonly last: string;
}

/** An output that is open. */
export interface Output {
  readonly sink: Sink;
  /** The files so far; undefined for stdout. */
  files(): OutputFiles | undefined;
}

/**
 * Opens the output of a capture: of several files the first.
 *
 * @param device what names of files may tell of
 * @param interruption ends the wait for the reader of a FIFO
 * @param isTaken whether a file is in use for something else than the data
 * @throws CliError when stdout is closed, or a terminal, which binary data would garble, when the
 *   options do not fit the output, when the file cannot be had, and when a signal came meanwhile
 */
export async function openOutput(
  plan: OutputPlan,
  device: DeviceInfo,
  interruption: Pick<ShutdownController, 'signal' | 'received'>,
  isTaken: (file: Stats) => boolean = () => false,
): Promise<Output> {
  const { nameOf } = plan;
  if (nameOf === undefined) {
    return { sink: openStdout(plan), files: () => undefined };
  }
  const nameAt = (index: number) => nameOf({ index, time: new Date(), device });
  return isSplit(plan)
    ? openSplit(plan, nameAt, isTaken)
    : openSingle(plan, nameAt(0), interruption, isTaken);
}

function openStdout({ append, fsync }: OutputOptions): Sink {
  if (isStdoutClosed()) {
    throw new CliError('stdout-closed', 'stdout is closed', {
      advice: 'redirect it (> dump.bin) or give -o FILE; -o /dev/null throws the data away',
    });
  }
  if (isatty(STDOUT)) {
    throw new CliError('stdout-is-terminal', 'will not write binary data to a terminal', {
      advice: 'redirect stdout (> dump.bin) or give -o FILE',
    });
  }
  if (append) {
    throw new CliError('conflicting-options', '--append needs -o FILE', {
      advice: 'the shell appends with >> FILE',
    });
  }
  if (fsync) {
    requireDisk('stdout', fstatSync(STDOUT));
  }
  return new FdSink(STDOUT, fsync === true);
}

async function openSingle(
  { force, append, fsync, offered }: OutputPlan,
  path: string,
  interruption: Pick<ShutdownController, 'signal' | 'received'>,
  isTaken: (file: Stats) => boolean,
): Promise<Output> {
  const name = sanitize(path);
  if (fsync) {
    requireDisk(name, statOf(path));
  }
  const { signal } = interruption;
  try {
    const options = { overwrite: force, append, sync: fsync, isTaken, signal };
    const sink = await openFile(path, options, offered);
    return { sink, files: () => ({ files: 1, first: path, last: path }) };
  } catch (error) {
    const { received } = interruption;
    if (received !== undefined) {
      const message = `${received} while waiting for a reader of ${name}`;
      throw new CliError('interrupted', message, { signal: received, cause: error });
    }
    throw error;
  }
}

/** Each file is opened as there are bytes for it: a failure is then one of the capture. */
async function openSplit(
  { force, fsync, splitBytes, splitEvery }: OutputPlan,
  nameAt: (index: number) => string,
  isTaken: (file: Stats) => boolean,
): Promise<Output> {
  const { SplitSink } = await import('../../engine/io/split-sink.js');
  const first = nameAt(0);
  requireFile(first);
  let files: OutputFiles = { files: 0, first, last: first };
  const options = { overwrite: force, sync: fsync, regularOnly: true, isTaken };
  const open = async (index: number): Promise<Sink> => {
    const last = index === 0 ? first : nameAt(index);
    const sink = await openFile(last, options, ['overwrite']);
    files = { files: index + 1, first, last };
    return sink;
  };
  const sink = await SplitSink.open(open, { bytes: splitBytes, every: splitEvery });
  return { sink, files: () => files };
}

/** @throws CliError that names the file and says why it cannot be had */
async function openFile(
  path: string,
  options: FileSinkOptions,
  offered: readonly OverwriteOption[],
): Promise<FileSink> {
  try {
    return await FileSink.open(path, options);
  } catch (error) {
    throw refusal(sanitize(path), error, offered);
  }
}

/**
 * Returns the error for an output file that cannot be opened.
 *
 * @param offered the options for existing files that the command has
 */
export function refusal(
  name: string,
  cause: unknown,
  offered: readonly OverwriteOption[] = [],
): CliError {
  return cause instanceof OutputError
    ? new CliError(cause.code, `cannot write ${name}: ${cause.message}`, {
        advice: fileAdvice(cause.remedies, offered),
        cause,
      })
    : new CliError('cannot-open-output', `cannot write ${name}: ${systemReason(cause)}`, { cause });
}

/** A promise that cannot be kept is not made: nobody knows when a pipe's reader has it on a disk. */
function requireDisk(name: string, existing: Stats | undefined): void {
  if (existing?.isFIFO() || existing?.isCharacterDevice() || existing?.isSocket()) {
    throw new CliError(
      'conflicting-options',
      `--fsync needs a file on a disk, which ${name} is not`,
    );
  }
}
