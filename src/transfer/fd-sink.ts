import { write } from 'node:fs';
import type { Sink, WriteDone } from './sink.js';

/** How long to leave a full non-blocking pipe alone before the next try, in milliseconds. */
const RETRY_DELAY = 2;

/**
 * A sink on an open descriptor, such as stdout's, which stays its owner's: `close` leaves it open.
 * Writes run on Node's thread pool, so that a slow disk or reader never blocks the event loop,
 * which serves the transfers.
 */
export class FdSink implements Sink {
  readonly #fd: number;
  #buffer: Buffer | undefined;
  #length = 0;
  #offset = 0;
  #done: WriteDone = () => {};

  constructor(fd: number) {
    this.#fd = fd;
  }

  async start(): Promise<void> {}

  async close(): Promise<void> {}

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
      setTimeout(this.#writeRest, RETRY_DELAY);
      return;
    }
    if (error === null) {
      this.#offset += written;
      if (this.#offset < this.#length) {
        this.#writeRest();
        return;
      }
    }
    this.#buffer = undefined;
    this.#done(error ?? undefined, this.#offset);
  };
}
