import { fsync, write, writev } from 'node:fs';
import { promisify } from 'node:util';
import type { Sink, WriteDone } from './sink.js';
import { skipBytes } from './sink.js';

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
  /** What is still to be written of the buffers at hand, and what is written. */
  #rest: readonly Buffer[] = [];
  #written = 0;
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

  write(buffers: readonly Buffer[], done: WriteDone): void {
    this.#rest = buffers;
    this.#written = 0;
    this.#done = done;
    this.#writeRest();
  }

  readonly #writeRest = (): void => {
    const [first] = this.#rest;
    if (first !== undefined && this.#rest.length === 1) {
      write(this.#fd, first, this.#wrote);
    } else {
      writev(this.#fd, this.#rest, this.#wrote);
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
    this.#written += written;
    this.#rest = skipBytes(this.#rest, written);
    if (this.#rest.length > 0) {
      this.#writeRest();
    } else {
      this.#finish(undefined);
    }
  };

  #finish(error: Error | undefined): void {
    this.#rest = [];
    this.#done(error, this.#written);
  }
}
