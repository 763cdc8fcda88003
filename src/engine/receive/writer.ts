import { toError } from '../../usb/errors.js';
import { isFailure } from '../../usb/transfer-status.js';
import type { Sink } from '../io/sink.js';
import type { PendingOutput } from '../queue/pump.js';
import type { Completion } from '../queue/transfer-queue.js';
import type { Outcome } from '../session/outcome.js';
import type { ReceiveStatistics } from '../stats/statistics.js';
import type { Limits } from './limits.js';
import type { WriteBuffer } from './write-buffer.js';

/**
 * How long a write should take at most, in milliseconds, judged by the speed of the one before: so
 * that a slow output is seen to move, and buffers come back in time.
 */
const LONGEST_WRITE = 500;

/** Bytes in one write at most: in the first one, and in any. */
const FIRST_WRITE = 1024 * 1024;
const LARGEST_WRITE = 8 * 1024 * 1024;

/**
 * Carries what completed to the write buffer, and from there to the sink, one write at a time.
 * Accounts for every byte: skipped, written, discarded after the limit, or unwritten.
 */
export class Writer {
  readonly #buffer: WriteBuffer;
  readonly #sink: Sink;
  readonly #statistics: ReceiveStatistics;
  readonly #onWritten: () => void;
  /** Bytes that are still to be skipped, and to be written. */
  #skip: number;
  #left: number;
  /** Bytes of the output so far, written or not, and up to the end of the first failed transfer. */
  #position = 0;
  #failedAt: number | undefined;
  /** Bytes of the output that were written. */
  #written = 0;
  /** Bytes in the write that is under way; 0 for none. */
  #writing = 0;
  #writingSince = 0;
  #mostToWrite = FIRST_WRITE;
  /** What it means for the run that the sink failed, once it did: nothing more goes to it. */
  failure: Outcome | undefined;

  /** @param onWritten called when a write ended: there are buffers again, or the sink failed */
  constructor(
    buffer: WriteBuffer,
    sink: Sink,
    statistics: ReceiveStatistics,
    { skip = 0, bytes = Number.POSITIVE_INFINITY }: Limits,
    onWritten: () => void,
  ) {
    this.#buffer = buffer;
    this.#sink = sink;
    this.#statistics = statistics;
    this.#skip = skip;
    this.#left = bytes;
    this.#onWritten = onWritten;
  }

  /**
   * Takes over the bytes and the buffer of a transfer, the next in order. What the device sent next
   * may be missing after a transfer that failed, while those queued after it may have brought more.
   *
   * @returns whether there was room in the write buffer
   */
  take({ buffer, status, actualLength }: Completion): boolean {
    if (!this.#buffer.hasRoom(actualLength)) {
      return false;
    }
    const skipped = Math.min(actualLength, this.#skip);
    const length = Math.min(actualLength - skipped, this.#left);
    this.#skip -= skipped;
    this.#left -= length;
    this.#position += length;
    if (isFailure(status)) {
      this.#failedAt ??= this.#position;
    }
    this.#statistics.bytesSkipped += skipped;
    this.#statistics.bytesDiscarded += actualLength - skipped - length;
    if (length > 0 && this.failure === undefined) {
      if (skipped > 0) {
        buffer.copyWithin(0, skipped, actualLength);
      }
      this.#buffer.add(buffer, length);
    } else {
      this.#statistics.bytesUnwritten += length;
      this.#buffer.discard(buffer);
    }
    return true;
  }

  /** Returns where the first transfer ended that failed since the last call, and what followed. */
  takeFailure(): Pick<Outcome, 'offset' | 'hasGap'> {
    const offset = this.#failedAt ?? this.#position;
    this.#failedAt = undefined;
    return { offset, hasGap: this.#written > offset };
  }

  /**
   * Writes what is in the write buffer, unless the sink is at work.
   *
   * @param all whether to write however little; otherwise only what makes a large write
   * @returns what is left
   */
  flush(all: boolean): PendingOutput {
    if (this.#writing === 0 && (all ? !this.#buffer.isEmpty : this.#buffer.hasBatch)) {
      this.#write();
    }
    if (this.#writing > 0) {
      return 'writing';
    }
    return this.#buffer.isEmpty ? 'none' : 'waiting';
  }

  #write(): void {
    const buffers = this.#buffer.acquire(this.#mostToWrite);
    for (const { length } of buffers) {
      this.#writing += length;
    }
    this.#statistics.bytesBeingWritten = this.#writing;
    this.#writingSince = performance.now();
    try {
      this.#sink.write(buffers, this.#wrote);
    } catch (error) {
      this.#wrote(toError(error), 0);
    }
  }

  readonly #wrote = (error: Error | undefined, written: number): void => {
    this.#written += written;
    this.#statistics.bytesWritten = this.#written;
    this.#statistics.bytesUnwritten += this.#writing - written;
    this.#statistics.bytesBeingWritten = 0;
    this.#writing = 0;
    const bytesPerMillisecond = written / (performance.now() - this.#writingSince);
    this.#mostToWrite = Math.min(bytesPerMillisecond * LONGEST_WRITE, LARGEST_WRITE);
    this.#buffer.release();
    if (error !== undefined) {
      const isClosed = (error as NodeJS.ErrnoException).code === 'EPIPE';
      this.failure = { reason: isClosed ? 'reader-closed' : 'output-failed', cause: error };
      this.#statistics.bytesUnwritten += this.#buffer.clear();
    }
    this.#onWritten();
  };
}
