import type { Sink, WriteDone } from './sink.js';

/**
 * A sink whose reader may go away before the data ends: from then on nothing is written, and nobody
 * has to stop for it.
 */
export class EpipeSink implements Sink {
  readonly #sink: Sink;
  readonly #onClosed: () => void;
  #done: WriteDone = () => {};
  #closed = false;

  /** @param onClosed called once, when the reader turns out to be gone */
  constructor(sink: Sink, onClosed: () => void) {
    this.#sink = sink;
    this.#onClosed = onClosed;
  }

  /** Whether the reader is gone. */
  get isClosed(): boolean {
    return this.#closed;
  }

  start(): Promise<void> {
    return this.#sink.start();
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    if (this.#closed) {
      setImmediate(done, undefined, 0);
      return;
    }
    this.#done = done;
    this.#sink.write(buffers, this.#wrote);
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  readonly #wrote = (error: Error | undefined, written: number): void => {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'EPIPE') {
      this.#done(error, written);
      return;
    }
    this.#closed = true;
    this.#done(undefined, written);
    this.#onClosed();
  };
}
