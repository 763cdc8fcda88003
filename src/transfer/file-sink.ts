import { constants } from 'node:fs';
import { type FileHandle, open, stat, unlink } from 'node:fs/promises';
import { FdSink } from './fd-sink.js';
import type { Sink, WriteDone } from './sink.js';

/** The output cannot be opened as asked. The message says what to do. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
}

/**
 * A sink on a file by name: a new regular file, or an existing FIFO or device. Until the capture
 * starts nothing that exists is changed; a file made for a capture that never started is removed.
 */
export class FileSink implements Sink {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #sink: FdSink;
  readonly #created: boolean;
  #started = false;

  private constructor(path: string, file: FileHandle, created: boolean) {
    this.#path = path;
    this.#file = file;
    this.#sink = new FdSink(file.fd);
    this.#created = created;
  }

  /**
   * @param force whether an existing regular file may be overwritten
   * @throws OutputError for an existing regular file without `force`, and a directory; whatever
   *   the system says otherwise
   */
  static async open(path: string, force: boolean): Promise<FileSink> {
    const { O_CREAT, O_EXCL, O_WRONLY } = constants;
    try {
      return new FileSink(path, await open(path, O_WRONLY | O_CREAT | O_EXCL, 0o666), true);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
    const existing = await stat(path);
    if (existing.isDirectory()) {
      throw new OutputError('is a directory; name a file in it');
    }
    if (existing.isFile() && !force) {
      throw new OutputError('exists already; choose another name, or --force to overwrite it');
    }
    return new FileSink(path, await open(path, O_WRONLY), false);
  }

  /** Empties a file that is overwritten. */
  async start(): Promise<void> {
    this.#started = true;
    if ((await this.#file.stat()).isFile()) {
      await this.#file.truncate(0);
    }
  }

  write(buffer: Buffer, length: number, done: WriteDone): void {
    this.#sink.write(buffer, length, done);
  }

  async close(): Promise<void> {
    await this.#file.close();
    if (this.#created && !this.#started) {
      await unlink(this.#path);
    }
  }
}
