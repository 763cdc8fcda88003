import { toError } from '../usb/to-error.js';
import type { BufferPool } from './buffer-pool.js';
import type { ReorderQueue } from './reorder-queue.js';
import type { Sink } from './sink.js';
import type { Statistics } from './statistics.js';

/**
 * Carries completed buffers from the queue to the sink, one write at a time, and gives them back to
 * the buffer pool. Accounts for every byte: written, discarded behind the limit, or unwritten.
 */
export class Writer {
  readonly #queue: ReorderQueue;
  readonly #sink: Sink;
  readonly #buffers: BufferPool;
  readonly #statistics: Statistics;
  readonly #onWritten: (error: Error | undefined) => void;
  /** Bytes that may still be written. */
  #left: number;
  #writing: Buffer | undefined;
  #writingLength = 0;
  #sinkFailed = false;

  /**
   * @param limit the most bytes to write
   * @param onWritten called when a write ended: there are buffers again, or the sink failed, after
   *   which nothing more goes to it
   */
  constructor(
    queue: ReorderQueue,
    sink: Sink,
    buffers: BufferPool,
    statistics: Statistics,
    limit: number,
    onWritten: (error: Error | undefined) => void,
  ) {
    this.#queue = queue;
    this.#sink = sink;
    this.#buffers = buffers;
    this.#statistics = statistics;
    this.#left = limit;
    this.#onWritten = onWritten;
  }

  /** Whether the sink still works on a write. */
  get busy(): boolean {
    return this.#writing !== undefined;
  }

  /** Writes what waits at the head of the queue, unless the sink is at work. */
  advance(): void {
    while (this.#writing === undefined) {
      const received = this.#queue.headLength;
      if (received === undefined) {
        return;
      }
      const buffer = this.#queue.take();
      const length = Math.min(received, this.#left);
      this.#left -= length;
      this.#statistics.bytesDiscarded += received - length;
      if (length > 0 && !this.#sinkFailed) {
        this.#writing = buffer;
        this.#writingLength = length;
        this.#write(buffer, length);
      } else {
        this.#statistics.bytesUnwritten += length;
        this.#buffers.give(buffer);
      }
    }
  }

  #write(buffer: Buffer, length: number): void {
    try {
      this.#sink.write(buffer, length, this.#wrote);
    } catch (error) {
      this.#wrote(toError(error), 0);
    }
  }

  readonly #wrote = (error: Error | undefined, written: number): void => {
    this.#statistics.bytesWritten += written;
    this.#statistics.bytesUnwritten += this.#writingLength - written;
    if (this.#writing !== undefined) {
      this.#buffers.give(this.#writing);
      this.#writing = undefined;
    }
    this.#sinkFailed ||= error !== undefined;
    this.#onWritten(error);
  };
}
