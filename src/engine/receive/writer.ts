import { toError } from '../../usb/errors.js';
import type { Sink } from '../io/sink.js';
import type { ReorderQueue } from '../queue/reorder-queue.js';
import type { ReceiveStatistics } from '../stats/statistics.js';
import type { WriteBuffer } from './write-buffer.js';

/**
 * How long a write may take, in milliseconds, as the one before went: so that whoever watches a slow
 * output sees it move, and buffers come back in time.
 */
const LONGEST_WRITE = 500;

/** Bytes in one write: in the first one at most, and in any. */
const FIRST_WRITE = 1024 * 1024;
const LARGEST_WRITE = 8 * 1024 * 1024;

/** What a writer may write of the bytes that come. */
export interface WriterLimits {
  /** Bytes at the beginning to pass over. */
  readonly skip: number;
  /** The most bytes to write after these. */
  readonly bytes: number;
}

/**
 * Carries what completed from the queue to the backlog, and from there to the sink, one write at a
 * time. Accounts for every byte: skipped, written, discarded behind the limit, or unwritten.
 */
export class Writer {
  readonly #queue: ReorderQueue;
  readonly #backlog: WriteBuffer;
  readonly #sink: Sink;
  readonly #statistics: ReceiveStatistics;
  readonly #onWritten: (error: Error | undefined) => void;
  /** Bytes that are still to be skipped, and to be written. */
  #skip: number;
  #left: number;
  /** Bytes of the output so far, written or not. */
  #position = 0;
  #failed = Number.POSITIVE_INFINITY;
  #failedAt: number | undefined;
  #writingSince = 0;
  #mostToWrite = FIRST_WRITE;
  #sinkFailed = false;

  /**
   * @param onWritten called when a write ended: there are buffers again, or the sink failed, after
   *   which nothing more goes to it
   */
  constructor(
    queue: ReorderQueue,
    backlog: WriteBuffer,
    sink: Sink,
    statistics: ReceiveStatistics,
    limits: WriterLimits,
    onWritten: (error: Error | undefined) => void,
  ) {
    this.#queue = queue;
    this.#backlog = backlog;
    this.#sink = sink;
    this.#statistics = statistics;
    this.#skip = limits.skip;
    this.#left = limits.bytes;
    this.#onWritten = onWritten;
  }

  /** Whether anything is still to be written. */
  get busy(): boolean {
    return this.#statistics.bytesBeingWritten > 0 || !this.#backlog.isEmpty;
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

  /** Takes what completed into the backlog, as far as it is next and there is room. */
  gather(): void {
    let received = this.#queue.headLength;
    while (received !== undefined && this.#backlog.hasRoom(received)) {
      this.#takeHead(received);
      received = this.#queue.headLength;
    }
  }

  /** Whether something waits in the backlog, and the sink for it. */
  get canWrite(): boolean {
    return this.#statistics.bytesBeingWritten === 0 && !this.#backlog.isEmpty;
  }

  /** Writes of what waits in the backlog, unless the sink is at work. */
  write(): void {
    if (this.canWrite) {
      this.#start();
    }
  }

  /** Does so only if that makes a large write; the rest can wait for more. */
  writeLarge(): void {
    if (this.#backlog.hasBatch) {
      this.write();
    }
  }

  #takeHead(received: number): void {
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
      if (skipped > 0) {
        buffer.copyWithin(0, skipped, received);
      }
      this.#backlog.add(buffer, length);
    } else {
      this.#statistics.bytesUnwritten += length;
      this.#backlog.buffers.give(buffer);
    }
  }

  #start(): void {
    const buffers = this.#backlog.acquire(this.#mostToWrite);
    for (const { length } of buffers) {
      this.#statistics.bytesBeingWritten += length;
    }
    this.#writingSince = performance.now();
    try {
      this.#sink.write(buffers, this.#wrote);
    } catch (error) {
      this.#wrote(toError(error), 0);
    }
  }

  readonly #wrote = (error: Error | undefined, written: number): void => {
    this.#statistics.bytesWritten += written;
    this.#statistics.bytesUnwritten += this.#statistics.bytesBeingWritten - written;
    this.#statistics.bytesBeingWritten = 0;
    const bytesPerMillisecond = written / (performance.now() - this.#writingSince);
    this.#mostToWrite = Math.min(bytesPerMillisecond * LONGEST_WRITE, LARGEST_WRITE);
    this.#backlog.release();
    if (error !== undefined) {
      this.#sinkFailed = true;
      this.#statistics.bytesUnwritten += this.#backlog.clear();
    }
    this.#onWritten(error);
  };
}
