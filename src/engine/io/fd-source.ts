import { close, read } from 'node:fs';
import { promisify } from 'node:util';
import { RetryTimer } from './retry.js';
import type { ReadDone, Source } from './source.js';

const NOTHING = Buffer.alloc(0);

/** Facts about the descriptor of a source. */
export interface FdSourceOptions {
  /**
   * The offset of the first read, in bytes. By default reads use and advance the descriptor's own
   * offset, which other processes may share.
   */
  readonly position?: number | undefined;
  /** Bytes from there to the end, if known. */
  readonly size?: number | undefined;
  /** Whether `close` closes the descriptor. */
  readonly owned?: boolean | undefined;
}

/**
 * A source on an open descriptor that never blocks for long: a regular file, a disk, a character
 * device. Reads run on Node's thread pool, and are as large as requested.
 */
export class FdSource implements Source {
  readonly #fd: number;
  readonly #position: number | undefined;
  readonly #size: number | undefined;
  readonly #owned: boolean;
  readonly #retry = new RetryTimer();
  /** Bytes read so far. */
  #bytesRead = 0;
  #buffer: Buffer = NOTHING;
  #start = 0;
  #end = 0;
  #done: ReadDone = () => {};
  #isReading = false;
  #isClosed = false;

  constructor(fd: number, { position, size, owned = false }: FdSourceOptions = {}) {
    this.#fd = fd;
    this.#position = position;
    this.#size = size;
    this.#owned = owned;
  }

  get size(): number | undefined {
    return this.#size === undefined ? undefined : Math.max(this.#size - this.#bytesRead, 0);
  }

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
    this.#done = done;
    this.#read();
  }

  /** Closes the descriptor, or lets a pending read close it: a read cannot be cancelled. */
  async close(): Promise<void> {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#retry.cancel();
    if (this.#owned && !this.#isReading) {
      await promisify(close)(this.#fd);
    }
  }

  readonly #read = (): void => {
    this.#isReading = true;
    const position = this.#position === undefined ? null : this.#position + this.#bytesRead;
    const length = this.#end - this.#start;
    read(this.#fd, this.#buffer, this.#start, length, position, this.#onRead);
  };

  readonly #onRead = (error: NodeJS.ErrnoException | null, bytes: number): void => {
    this.#isReading = false;
    if (this.#isClosed) {
      if (this.#owned) {
        close(this.#fd, () => {});
      }
      return;
    }
    if (error?.code === 'EAGAIN') {
      this.#retry.schedule(this.#read);
      return;
    }
    this.#retry.reset();
    this.#buffer = NOTHING;
    if (error === null) {
      this.#bytesRead += bytes;
      this.#done(undefined, bytes);
    } else {
      this.#done(error.code === 'EOF' ? undefined : error, 0); // the end of a pipe on Windows
    }
  };
}
