import { isReaderGone, type Sink, type WriteDone } from './sink.js';

/** A sink whose reader may go away: data written after that is discarded without an error. */
export class EpipeSink implements Sink {
  readonly #sink: Sink;
  readonly #onClosed: () => void;
  #done: WriteDone = () => {};
  #closedAt: number | undefined;

  /** @param onClosed called once, when a write shows that the reader is gone */
  constructor(sink: Sink, onClosed: () => void) {
    this.#sink = sink;
    this.#onClosed = onClosed;
  }

  get keepsFullBuffers(): boolean {
    return this.#sink.keepsFullBuffers === true;
  }

  /** When the reader was found to be gone, in monotonic milliseconds; undefined if it is not. */
  get closedAt(): number | undefined {
    return this.#closedAt;
  }

  start(): Promise<void> {
    return this.#sink.start();
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    if (this.#closedAt !== undefined) {
      setImmediate(done, undefined, 0);
      return;
    }
    this.#done = done;
    this.#sink.write(buffers, this.#onWritten);
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  readonly #onWritten = (error: Error | undefined, written: number): void => {
    if (!isReaderGone(error)) {
      this.#done(error, written);
      return;
    }
    this.#closedAt = performance.now();
    this.#done(undefined, written);
    this.#onClosed();
  };
}
