import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readlink, stat, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { OutputError } from './errors.js';
import { FdSink } from './fd-sink.js';

const { O_APPEND, O_CREAT, O_EXCL, O_NONBLOCK, O_WRONLY } = constants;

/** How often to check whether a FIFO has a reader, in milliseconds. */
const FIFO_POLL = 50;

/** How to open a file for writing. */
interface OpenFileOptions {
  /** Overwrites an existing regular file; allows writing to a disk (a block device). */
  readonly overwrite?: boolean | undefined;
  /** Appends to an existing regular file. */
  readonly append?: boolean | undefined;
  /** Refuses everything but a regular file: no FIFO, no device. */
  readonly regularOnly?: boolean | undefined;
  /** Returns true for a file that is in use for something else and must not be written. */
  readonly isTaken?: ((file: Stats) => boolean) | undefined;
  /** Ends the wait for the reader of a FIFO. */
  readonly signal?: AbortSignal | undefined;
}

/** How to open a file for writing, and how to close it. */
export interface FileSinkOptions extends OpenFileOptions {
  /** Waits, on `close`, until all data is on the disk. */
  readonly sync?: boolean | undefined;
  /**
   * Reserves disk space for this number of bytes, from 1, and refuses everything but a regular file.
   * What was not used is released on `close`. The length of the file is always that of its data.
   */
  readonly reserve?: number | undefined;
}

/**
 * A sink on a file by name: a regular file, or an existing FIFO or device. Nothing that exists is
 * changed before `start`; a file created for a run that never started is removed.
 */
export class FileSink extends FdSink {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #created: boolean;
  readonly #append: boolean;
  readonly #reserve: number | undefined;

  private constructor(
    path: string,
    { file, created }: OpenFile,
    { append = false, sync = false, reserve }: FileSinkOptions,
  ) {
    super(file.fd, sync);
    this.#path = path;
    this.#file = file;
    this.#created = created;
    this.#append = append;
    this.#reserve = reserve;
  }

  /**
   * Opens a file, following links. Waits for the reader of a FIFO.
   *
   * @throws OutputError for a file that must not or cannot be written; an AbortError when `signal`
   *   aborted; otherwise the system error
   */
  static async open(path: string, options: FileSinkOptions = {}): Promise<FileSink> {
    const { regularOnly, reserve } = options;
    const checks = { ...options, regularOnly: regularOnly || reserve !== undefined };
    const sink = new FileSink(path, await openFile(path, checks), options);
    try {
      await sink.#reserveSpace();
    } catch (error) {
      await sink.close();
      throw error;
    }
    return sink;
  }

  /** Empties a file that is overwritten. */
  override async start(): Promise<void> {
    await super.start();
    if (!this.#append && !this.#created && (await this.#file.stat()).isFile()) {
      await this.#file.truncate(0); // which releases the reserved space, too
      await this.#reserveSpace();
    }
  }

  override async close(): Promise<void> {
    try {
      if (this.#reserve !== undefined) {
        await this.#file.truncate((await this.#file.stat()).size);
      }
      await super.close();
    } catch (error) {
      await this.#file.close().catch(() => {}); // the first failure is reported
      throw error;
    }
    await this.#file.close();
    if (this.#created && !this.isStarted) {
      await unlink(this.#path);
    }
  }

  /** Reserves the space that was requested, if any. */
  async #reserveSpace(): Promise<void> {
    if (this.#reserve !== undefined) {
      const { reserveSpace } = await import('./reserve.js');
      const offset = this.#append ? (await this.#file.stat()).size : 0;
      await reserveSpace(this.#file.fd, offset, this.#reserve);
    }
  }
}

/** A file that is open for writing, and whether opening created it. The caller closes it. */
interface OpenFile {
  readonly file: FileHandle;
  readonly created: boolean;
}

/** Opens a file as `FileSink.open` does. Changes nothing that exists. */
export async function openFile(path: string, options: OpenFileOptions): Promise<OpenFile> {
  const flags = O_WRONLY | (options.append ? O_APPEND : 0);
  const created = await create(path, flags);
  const file = created ?? (await openExisting(path, flags, options));
  return { file, created: created !== undefined };
}

/** Creates a regular file; returns undefined if the name exists. */
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
  options: OpenFileOptions,
): Promise<FileHandle> {
  const existing = await statTarget(path);
  checkWritable(existing, options);
  const file = existing.isFIFO()
    ? await openFifo(path, flags, options.signal)
    : await open(path, flags);
  try {
    checkWritable(await file.stat(), options); // the name may refer to another file by now
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

/** Returns the file at the end of all links. */
async function statTarget(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    const target = codeOf(cause) === 'ENOENT' ? await readlink(path).catch(() => '') : '';
    if (target !== '') {
      const message = `is a link to ${target}, which does not exist`;
      throw new OutputError('output-unsuitable', message, ['create-link-target'], { cause });
    }
    throw cause;
  }
}

/** @throws OutputError for a file that cannot be written, or would lose its data */
function checkWritable(
  existing: Stats,
  { overwrite, append, regularOnly, isTaken }: OpenFileOptions,
): void {
  if (isTaken?.(existing)) {
    throw new OutputError('output-unsuitable', 'is in use for something else', [
      'choose-another-name',
    ]);
  }
  if (existing.isDirectory()) {
    throw new OutputError('output-unsuitable', 'is a directory', ['name-file-in-directory']);
  }
  if (existing.isSocket()) {
    throw new OutputError('output-unsuitable', 'is a socket', ['name-file-or-device']);
  }
  if (regularOnly && !existing.isFile()) {
    throw new OutputError('output-unsuitable', 'is a FIFO or a device', ['name-regular-file']);
  }
  if (existing.isBlockDevice() && !overwrite) {
    const remedies = ['choose-another-name', 'overwrite'] as const;
    throw new OutputError('output-exists', 'is a disk (a block device)', remedies);
  }
  if (existing.isFile() && !overwrite && !append) {
    const remedies = ['choose-another-name', 'append', 'overwrite'] as const;
    throw new OutputError('output-exists', 'already exists', remedies);
  }
}

/**
 * Opens a FIFO once it has a reader. An open that blocks in the kernel would occupy a thread and could
 * not be cancelled, so this polls until an open does not block.
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
        throw error; // ENXIO: the FIFO has no reader
      }
    }
    await sleep(FIFO_POLL, undefined, signal && { signal });
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
