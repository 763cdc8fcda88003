import { toError } from '../usb/to-error.js';
import type { BufferPool } from './buffer-pool.js';
import type { ReorderQueue } from './reorder-queue.js';
import type { Sink } from './sink.js';
import type { Statistics } from './statistics.js';

/** What a writer may write of the bytes that come. */
export interface WriterLimits {
  /** Bytes at the beginning to pass over. */
  readonly skip: number;
  /** The most bytes to write after these. */
  readonly bytes: number;
}

/**
 * Carries completed buffers from the queue to the sink, one write at a time, and gives them back to
 * the buffer pool. Accounts for every byte: skipped, written, discarded behind the limit, or
 * unwritten.
 */
export class Writer {
  readonly #queue: ReorderQueue;
  readonly #sink: Sink;
  readonly #buffers: BufferPool;
  readonly #statistics: Statistics;
  readonly #onWritten: (error: Error | undefined) => void;
  /** Bytes that are still to be skipped, and to be written. */
  #skip: number;
  #left: number;
  /** Bytes of the output so far, written or not. */
  #position = 0;
  #failed = Number.POSITIVE_INFINITY;
  #failedAt: number | undefined;
  #writing: Buffer | undefined;
  #writingLength = 0;
  #sinkFailed = false;

  /**
   * @param onWritten called when a write ended: there are buffers again, or the sink failed, after
   *   which nothing more goes to it
   */
  constructor(
    queue: ReorderQueue,
    sink: Sink,
    buffers: BufferPool,
    statistics: Statistics,
    limits: WriterLimits,
    onWritten: (error: Error | undefined) => void,
  ) {
    this.#queue = queue;
    this.#sink = sink;
    this.#buffers = buffers;
    this.#statistics = statistics;
    this.#skip = limits.skip;
    this.#left = limits.bytes;
    this.#onWritten = onWritten;
  }

  /** Whether the sink still works on a write. */
  get busy(): boolean {
    return this.#writing !== undefined;
  }

  /**
   * Marks a submission that failed; of several the first counts. What the device sent next may be
   * missing behind its bytes, while transfers that were queued behind it may still have brought some.
   */
  markFailed(sequence: number): void {
    this.#failed = Math.min(this.#failed, sequence);
  }

  /** Takes the mark away; returns the bytes of the output up to the end of what failed. */
  takeFailure(): number {
    const offset = this.#failedAt ?? this.#position;
    this.#failed = Number.POSITIVE_INFINITY;
    this.#failedAt = undefined;
    return offset;
  }

  /** Writes what waits at the head of the queue, unless the sink is at work. */
  advance(): void {
    while (this.#writing === undefined) {
      const received = this.#queue.headLength;
      if (received === undefined) {
        return;
      }
      const sequence = this.#queue.taken;
      const buffer = this.#queue.take();
      const skipped = Math.min(received, this.#skip);
      const length = Math.min(received - skipped, this.#left);
      this.#skip -= skipped;
      this.#left -= length;
      this.#position += length;
      if (sequence === this.#failed) {
        this.#failedAt = this.#position;
      }
      this.#statistics.bytesSkipped += skipped;
      this.#statistics.bytesDiscarded += received - skipped - length;
      if (length > 0 && !this.#sinkFailed) {
        this.#writing = buffer;
        this.#writingLength = length;
        this.#write(skipped === 0 ? buffer : buffer.subarray(skipped), length);
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
