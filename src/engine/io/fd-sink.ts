import { fsync, write, writev } from 'node:fs';
import { promisify } from 'node:util';
import { RetryTimer } from './retry.js';
import type { Sink, WriteDone } from './sink.js';
import { skipBytes } from './sink.js';

/**
 * A sink on an open descriptor, such as stdout. The caller owns the descriptor: `close` leaves it open.
 * Writes run on Node's thread pool, so that a slow disk or reader never blocks the event loop that
 * serves the transfers.
 */
export class FdSink implements Sink {
  readonly #fd: number;
  readonly #sync: boolean;
  readonly #retry = new RetryTimer();
  #started = false;
  /** The buffers of the current write that are still unwritten, and the bytes written. */
  #rest: readonly Buffer[] = [];
  #written = 0;
  #done: WriteDone = () => {};

  /** @param sync whether `close` waits until all data is on the disk (fsync) */
  constructor(fd: number, sync = false) {
    this.#fd = fd;
    this.#sync = sync;
  }

  /** Whether `start` was called. */
  protected get isStarted(): boolean {
    return this.#started;
  }

  async start(): Promise<void> {
    this.#started = true;
  }

  /** Does not repeat a failed fsync: the kernel may have dropped the data that it could not write. */
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
      write(this.#fd, first, this.#onWritten);
    } else {
      writev(this.#fd, this.#rest, this.#onWritten);
    }
  };

  readonly #onWritten = (error: NodeJS.ErrnoException | null, written: number): void => {
    if (error?.code === 'EAGAIN') {
      this.#retry.schedule(this.#writeRest);
      return;
    }
    if (error !== null || written === 0) {
      this.#finish(error ?? new Error('the output accepts no more bytes'));
      return;
    }
    this.#retry.reset();
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
