import { close, read } from 'node:fs';
import { promisify } from 'node:util';
import type { ReadDone, Source } from './source.js';

/**
 * How long to leave a device that has nothing alone before the next try, in milliseconds: at first,
 * and at most, doubled from one vain try to the next.
 */
const FIRST_DELAY = 1;
const LONGEST_DELAY = 64;

const NOTHING = Buffer.alloc(0);

/** What is known of the descriptor of a source. */
export interface FdSourceOptions {
  /**
   * Where to begin, in bytes from the file's beginning. Otherwise it is read at the descriptor's own
   * offset, which moves along: also for other processes that share it.
   */
  readonly position?: number | undefined;
  /** Bytes from there to the end, where that is known. */
  readonly size?: number | undefined;
  /** Whether `close` closes the descriptor. */
  readonly owned?: boolean | undefined;
}

/**
 * A source on an open descriptor that always has something, or does not block: a regular file, a
 * disk, a character device. Reads run on Node's thread pool, and are as large as asked for.
 */
export class FdSource implements Source {
  readonly #fd: number;
  readonly #position: number | undefined;
  readonly #size: number | undefined;
  readonly #owned: boolean;
  /** Bytes that were read so far. */
  #taken = 0;
  #buffer: Buffer = NOTHING;
  #start = 0;
  #end = 0;
  #done: ReadDone = () => {};
  #isReading = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #delay = FIRST_DELAY;

  constructor(fd: number, { position, size, owned = false }: FdSourceOptions = {}) {
    this.#fd = fd;
    this.#position = position;
    this.#size = size;
    this.#owned = owned;
  }

  get size(): number | undefined {
    return this.#size === undefined ? undefined : Math.max(this.#size - this.#taken, 0);
  }

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
    this.#done = done;
    this.#read();
  }

  /** A read that is under way cannot be called back: the descriptor is closed behind it. */
  async close(): Promise<void> {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#owned && !this.#isReading) {
      await promisify(close)(this.#fd);
    }
  }

  readonly #read = (): void => {
    this.#isReading = true;
    const position = this.#position === undefined ? null : this.#position + this.#taken;
    const length = this.#end - this.#start;
    read(this.#fd, this.#buffer, this.#start, length, position, this.#wasRead);
  };

  readonly #wasRead = (error: NodeJS.ErrnoException | null, bytes: number): void => {
    this.#isReading = false;
    if (this.#isClosed) {
      if (this.#owned) {
        close(this.#fd, () => {});
      }
      return;
    }
    if (error?.code === 'EAGAIN') {
      this.#timer = setTimeout(this.#read, this.#delay);
      this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY);
      return;
    }
    this.#delay = FIRST_DELAY;
    this.#buffer = NOTHING;
    if (error === null) {
      this.#taken += bytes;
      this.#done(undefined, bytes);
    } else {
      this.#done(error.code === 'EOF' ? undefined : error, 0); // the end of a pipe on Windows
    }
  };
}
