import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readlink, stat, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FdSink } from './fd-sink.js';
import type { Sink, WriteDone } from './sink.js';

const { O_APPEND, O_CREAT, O_EXCL, O_NONBLOCK, O_WRONLY } = constants;

/** How often to look whether a FIFO has a reader, in milliseconds. */
const FIFO_POLL = 50;

/** What a file sink may do with what exists, and what it has to do at the end. */
export interface FileSinkOptions {
  /** Overwrites an existing regular file; writes to a disk (a block device). */
  readonly force?: boolean | undefined;
  /** Adds to the end of an existing regular file. */
  readonly append?: boolean | undefined;
  /** Makes sure, on `close`, that all of it is on the disk. */
  readonly sync?: boolean | undefined;
  /** Takes a regular file alone, new or overwritten: no FIFO, no device. */
  readonly regular?: boolean | undefined;
  /** Of the first two, those that nobody can ask for, and so need no advice. */
  readonly lacks?: readonly ('force' | 'append')[] | undefined;
  /** Whether a file is in use for something else, and so not to be written. */
  readonly isTaken?: ((file: Stats) => boolean) | undefined;
  /** Ends the wait for the reader of a FIFO. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Why an output is refused: it holds data that would be overwritten, or it is nothing that can be
 * written to.
 */
export type OutputErrorCode = 'output-exists' | 'output-unsuitable';

/** The output cannot be opened as asked. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly code: OutputErrorCode;
  /** What to do about it; the message says only what is wrong. */
  readonly advice: string;

  constructor(code: OutputErrorCode, message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.advice = advice;
  }
}

/**
 * A sink on a file by name: a regular file, or an existing FIFO or device. Until the capture starts
 * nothing that exists is changed; a file made for a capture that never started is removed.
 */
export class FileSink implements Sink {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #sink: FdSink;
  readonly #created: boolean;
  readonly #append: boolean;
  #started = false;

  private constructor(
    path: string,
    file: FileHandle,
    created: boolean,
    { append = false, sync = false }: FileSinkOptions,
  ) {
    this.#path = path;
    this.#file = file;
    this.#sink = new FdSink(file.fd, sync);
    this.#created = created;
    this.#append = append;
  }

  /**
   * Opens a file, following links. Waits for the reader of a FIFO.
   *
   * @throws OutputError for what exists and is not to be written; an AbortError when `signal`
   *   aborted; whatever the system says otherwise
   */
  static async open(path: string, options: FileSinkOptions = {}): Promise<FileSink> {
    const { file, created } = await openFile(path, options);
    return new FileSink(path, file, created, options);
  }

  /** Empties a file that is overwritten. */
  async start(): Promise<void> {
    this.#started = true;
    await this.#sink.start();
    if (!this.#append && (await this.#file.stat()).isFile()) {
      await this.#file.truncate(0);
    }
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    this.#sink.write(buffers, done);
  }

  async close(): Promise<void> {
    try {
      await this.#sink.close();
    } catch (error) {
      await this.#file.close().catch(() => {}); // the first failure counts
      throw error;
    }
    await this.#file.close();
    if (this.#created && !this.#started) {
      await unlink(this.#path);
    }
  }
}

/** A file that is open for writing, and whether it was made for that. Its owner closes it. */
export interface OpenFile {
  readonly file: FileHandle;
  readonly created: boolean;
}

/** Opens a file as `FileSink.open` does. Nothing that exists is changed. */
export async function openFile(path: string, options: FileSinkOptions): Promise<OpenFile> {
  const flags = O_WRONLY | (options.append ? O_APPEND : 0);
  const created = await create(path, flags);
  const file = created ?? (await openExisting(path, flags, options));
  return { file, created: created !== undefined };
}

/** Makes a new regular file; undefined when there is something by that name. */
async function create(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags | O_CREAT | O_EXCL, 0o666);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return undefined;
    }
    throw error;
  }
}

async function openExisting(
  path: string,
  flags: number,
  options: FileSinkOptions,
): Promise<FileHandle> {
  const existing = await follow(path);
  refuseUnwanted(existing, options);
  const file = existing.isFIFO()
    ? await openFifo(path, flags, options.signal)
    : await open(path, flags);
  try {
    refuseUnwanted(await file.stat(), options); // something else may have the name by now
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

/** What the name stands for, at the end of all links. */
async function follow(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    const target = codeOf(error) === 'ENOENT' ? await readlink(path).catch(() => '') : '';
    if (target !== '') {
      const message = `is a link to ${target}, which does not exist`;
      throw new OutputError('output-unsuitable', message, 'make that, or name it', {
        cause: error,
      });
    }
    throw error;
  }
}

/** @throws OutputError for what would be a loss, or can only be a mistake */
function refuseUnwanted(
  existing: Stats,
  { force, append, regular, isTaken, lacks = [] }: FileSinkOptions,
): void {
  if (isTaken?.(existing)) {
    throw new OutputError('output-unsuitable', 'is in use for something else', 'name another file');
  }
  if (existing.isDirectory()) {
    throw new OutputError('output-unsuitable', 'is a directory', 'name a file in it');
  }
  if (existing.isSocket()) {
    throw new OutputError('output-unsuitable', 'is a socket', 'name a file, a FIFO or a device');
  }
  if (regular && !existing.isFile()) {
    throw new OutputError('output-unsuitable', 'is a FIFO or a device', 'name a file');
  }
  if (existing.isBlockDevice() && !force) {
    throw new OutputError(
      'output-exists',
      'is a disk (a block device)',
      '--force overwrites what is on it',
    );
  }
  if (existing.isFile() && !force && !append) {
    const adding = regular || lacks.includes('append') ? '' : ', --append to add to it';
    const overwriting = lacks.includes('force') ? '' : ', or --force to overwrite it';
    throw new OutputError(
      'output-exists',
      'exists already',
      `choose another name${adding}${overwriting}`,
    );
  }
}

/**
 * Opens a FIFO once it has a reader. An open that waits in the kernel would hold a thread that
 * nothing can call back; so it only looks, until another open has no need to wait.
 */
async function openFifo(
  path: string,
  flags: number,
  signal: AbortSignal | undefined,
): Promise<FileHandle> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      const ready = await open(path, flags | O_NONBLOCK);
      try {
        return await open(path, flags);
      } finally {
        await ready.close();
      }
    } catch (error) {
      if (codeOf(error) !== 'ENXIO') {
        throw error; // ENXIO: nobody reads
      }
    }
    await sleep(FIFO_POLL, undefined, signal && { signal });
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
