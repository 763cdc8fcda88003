import { fstatSync, type Stats } from 'node:fs';
import { isatty } from 'node:tty';
import { OutputError } from '../../engine/io/errors.js';
import { FdSink } from '../../engine/io/fd-sink.js';
import { FileSink, type FileSinkOptions } from '../../engine/io/file-sink.js';
import type { Sink } from '../../engine/io/sink.js';
import { SplitSink } from '../../engine/io/split-sink.js';
import type { RecordSink } from '../../engine/record/transfer-recorder.js';
import type { DeviceInfo } from '../../usb/model.js';
import { fileAdvice, type OverwriteOption } from '../errors/advice.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { sanitize } from '../terminal/sanitize.js';
import { requireStdout, STDOUT } from '../terminal/stdio.js';
import {
  isSplit,
  type OutputOptions,
  type OutputPlan,
  requireFile,
  statOf,
} from './output-name.js';
import { type Interruption, interruptedBy } from './shutdown.js';

/** The files of an output. */
export interface OutputFiles {
  /** The number of files. */
  readonly files: number;
  /** The names of the first and the last file: equal if there is only one. */
  readonly first: string;
  readonly last: string;
}

/** An open output. */
export interface Output {
  readonly sink: RecordSink;
  /** The files so far; undefined for stdout. */
  files(): OutputFiles | undefined;
}

/**
 * Opens an output, or the first of its files if it is split.
 *
 * @param device fills in the names of the files
 * @param shutdown ends the wait for the reader of a FIFO
 * @param isTaken whether a file is already used for something other than the data
 * @param onPart called when another file begins
 * @throws CliError if stdout is closed or a terminal, if the options do not fit the output, if the
 *   file cannot be opened, or at a signal
 */
export async function openOutput(
  plan: OutputPlan,
  device: DeviceInfo,
  shutdown: Interruption,
  isTaken: (file: Stats) => boolean = () => false,
  onPart: () => void = () => {},
): Promise<Output> {
  const { nameOf } = plan;
  if (nameOf === undefined) {
    return { sink: await openStdout(plan), files: () => undefined };
  }
  const nameAt = (index: number) => nameOf({ index, time: new Date(), device });
  return isSplit(plan)
    ? openSplit(plan, nameAt, isTaken, onPart)
    : openSingle(plan, nameAt(0), shutdown, isTaken);
}

async function openStdout(options: OutputOptions): Promise<Sink> {
  const { hex, onTerminal = 'refuse', append, fsync } = options;
  requireStdout('redirect it (> dump.bin) or give -o FILE; -o /dev/null discards the data');
  const isShown = isatty(STDOUT) && !hex;
  if (isShown && onTerminal === 'refuse') {
    throw new CliError('stdout-is-terminal', 'will not write binary data to a terminal', {
      advice: 'redirect stdout (> dump.bin), give -o FILE, or show the data with --hex',
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
  const sink = new FdSink(STDOUT, fsync === true);
  if (!isShown || onTerminal === 'bytes') {
    return sink;
  }
  const { TextSink } = await import('../dump/text-sink.js');
  return new TextSink(sink);
}

async function openSingle(
  { force, append, fsync, preallocate, bytes, offered }: OutputPlan,
  path: string,
  shutdown: Interruption,
  isTaken: (file: Stats) => boolean,
): Promise<Output> {
  const name = sanitize(path);
  if (fsync) {
    requireDisk(name, statOf(path));
  }
  const { signal } = shutdown;
  try {
    const reserve = preallocate && bytes;
    const options = { overwrite: force, append, sync: fsync, reserve, isTaken, signal };
    const sink = await openFile(path, options, offered);
    return { sink, files: () => ({ files: 1, first: path, last: path }) };
  } catch (error) {
    throw interruptedBy(shutdown, `waiting for a reader of ${name}`, error) ?? error;
  }
}

/** Opens each file when there is data for it. A failure to open one then ends the stream. */
async function openSplit(
  { force, fsync, splitBytes, splitEvery, follows }: OutputPlan,
  nameAt: (index: number) => string,
  isTaken: (file: Stats) => boolean,
  onPart: () => void,
): Promise<Output> {
  const first = nameAt(0);
  requireFile(first);
  let files: OutputFiles = { files: 0, first, last: first };
  const options = { overwrite: force, sync: fsync, regularOnly: true, isTaken };
  const open = async (index: number): Promise<Sink> => {
    const last = index === 0 ? first : nameAt(index);
    const sink = await openFile(last, options, ['overwrite']);
    files = { files: index + 1, first, last };
    if (index > 0) {
      onPart();
    }
    return sink;
  };
  const split = follows ? {} : { bytes: splitBytes, every: splitEvery };
  const sink = await SplitSink.open(open, split);
  return { sink, files: () => files };
}

/** @throws CliError with the name of the file */
async function openFile(
  path: string,
  options: FileSinkOptions,
  offered: readonly OverwriteOption[],
): Promise<FileSink> {
  try {
    return await FileSink.open(path, options);
  } catch (error) {
    throw cannotWrite(sanitize(path), error, offered);
  }
}

/**
 * The failure to open a file for writing.
 *
 * @param offered the options for existing files that the command has
 */
export function cannotWrite(
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

/** @throws CliError for pipes and devices: `--fsync` has no meaning for them */
function requireDisk(name: string, existing: Stats | undefined): void {
  if (existing?.isFIFO() || existing?.isCharacterDevice() || existing?.isSocket()) {
    throw new CliError('conflicting-options', `--fsync needs a file on a disk; ${name} is not one`);
  }
}
