import { fsync, write } from 'node:fs';
import { promisify } from 'node:util';
import type { Sink, WriteDone } from './sink.js';

/**
 * How long to leave a full non-blocking pipe alone before the next try, in milliseconds: at first,
 * and at most, doubled from one vain try to the next.
 */
const FIRST_DELAY = 1;
const LONGEST_DELAY = 64;

/**
 * A sink on an open descriptor, such as stdout's, which stays its owner's: `close` leaves it open.
 * Writes run on Node's thread pool, so that a slow disk or reader never blocks the event loop,
 * which serves the transfers.
 */
export class FdSink implements Sink {
  readonly #fd: number;
  readonly #sync: boolean;
  #started = false;
  #buffer: Buffer | undefined;
  #length = 0;
  #offset = 0;
  #delay = FIRST_DELAY;
  #done: WriteDone = () => {};

  /** @param sync whether `close` makes sure that all of it is on the disk */
  constructor(fd: number, sync = false) {
    this.#fd = fd;
    this.#sync = sync;
  }

  async start(): Promise<void> {
    this.#started = true;
  }

  /** Never tries twice: after a failed fsync the kernel may have dropped what it could not write. */
  async close(): Promise<void> {
    if (this.#sync && this.#started) {
      await promisify(fsync)(this.#fd);
    }
  }

  write(buffer: Buffer, length: number, done: WriteDone): void {
    this.#buffer = buffer;
    this.#length = length;
    this.#offset = 0;
    this.#done = done;
    this.#writeRest();
  }

  readonly #writeRest = (): void => {
    if (this.#buffer !== undefined) {
      const rest = this.#length - this.#offset;
      write(this.#fd, this.#buffer, this.#offset, rest, null, this.#wrote);
    }
  };

  readonly #wrote = (error: NodeJS.ErrnoException | null, written: number): void => {
    if (error?.code === 'EAGAIN') {
      setTimeout(this.#writeRest, this.#delay);
      this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY);
      return;
    }
    if (error !== null || written === 0) {
      this.#finish(error ?? new Error('the output takes no more bytes'));
      return;
    }
    this.#delay = FIRST_DELAY;
    this.#offset += written;
    if (this.#offset < this.#length) {
      this.#writeRest();
    } else {
      this.#finish(undefined);
    }
  };

  #finish(error: Error | undefined): void {
    this.#buffer = undefined;
    this.#done(error, this.#offset);
  }
}
