import { toError } from '../../usb/errors.js';
import type { TransferStatus } from '../../usb/transfer-status.js';
import { CheckedCall } from '../io/checked-call.js';
import type { Sink } from '../io/sink.js';
import type { PendingOutput } from '../queue/pump.js';
import type { Completion } from '../queue/transfer-queue.js';
import { addFailure, failedWrite, type Outcome, type TransferFailure } from '../session/outcome.js';
import type { ReceiveStatistics } from '../stats/statistics.js';
import type { Limits } from './limits.js';
import type { WriteBuffer } from './write-buffer.js';

/**
 * The longest that a write should take in milliseconds, judged by the speed of the previous write.
 * Progress of a slow output is then visible, and buffers become free in time.
 */
const MAX_WRITE_TIME = 500;

/** The maximum bytes in the first write, and in any write. */
const FIRST_WRITE = 1024 * 1024;
const MAX_WRITE = 8 * 1024 * 1024;

/**
 * Moves received bytes into the write buffer and from there to the sink, one write at a time. Accounts
 * for every byte: stripped, skipped, written, discarded after the limit, or unwritten.
 */
export class Writer {
  readonly #buffer: WriteBuffer;
  readonly #sink: Sink;
  readonly #statistics: ReceiveStatistics;
  readonly #onProgress: () => void;
  readonly #call: CheckedCall;
  /** The bytes that remain to be skipped, and to be written. */
  #skip: number;
  #left: number;
  #position = 0;
  /** The failures of transfers since `takeFailures`. */
  #failures: TransferFailure[] = [];
  /** See `DeviceInfo.cancelKeepsData`. */
  cancelKeepsData = true;
  /** Bytes of the output that were written. */
  #written = 0;
  /** Bytes in the current write; 0 if there is none. */
  #writing = 0;
  #writingSince = 0;
  #maxWrite = FIRST_WRITE;
  #isHeld = false;
  /** The outcome of the run once the sink or its start has failed. Nothing more is written then. */
  failure: Outcome | undefined;

  /** @param onProgress called after each write and `release`: buffers are free again, or it failed */
  constructor(
    buffer: WriteBuffer,
    sink: Sink,
    statistics: ReceiveStatistics,
    { skip = 0, bytes = Number.POSITIVE_INFINITY }: Limits,
    onProgress: () => void,
  ) {
    this.#buffer = buffer;
    this.#sink = sink;
    this.#statistics = statistics;
    this.#skip = skip;
    this.#left = bytes;
    this.#onProgress = onProgress;
    this.#call = new CheckedCall('the sink', this.#wrote, this.#onMisuse);
  }

  /** The bytes for the output so far, written or not. */
  get position(): number {
    return this.#position;
  }

  /**
   * Takes over the buffer and the bytes of the next transfer in order. After a failed transfer, bytes
   * may be missing, even if the transfers queued after it have received more.
   *
   * @returns whether there was room in the write buffer
   */
  take({ buffer, requested, status, actualLength }: Completion): boolean {
    const { headers } = this.#statistics;
    const payload = headers.payloadOf(actualLength);
    if (!this.#buffer.hasRoom(payload)) {
      return false;
    }
    const skipped = Math.min(payload, this.#skip);
    const length = Math.min(payload - skipped, this.#left);
    this.#skip -= skipped;
    this.#left -= length;
    this.#position += length;
    if (status !== 'completed') {
      addFailure(this.#failures, status, this.#position);
      this.#noteCancelled(status, actualLength < requested);
    }
    this.#statistics.countStripped(actualLength, payload);
    this.#statistics.bytesSkipped += skipped;
    this.#statistics.bytesDiscarded += payload - skipped - length;
    if (length > 0 && this.failure === undefined) {
      headers.strip(buffer, actualLength);
      if (skipped > 0) {
        buffer.copyWithin(0, skipped, payload);
      }
      this.#buffer.add(buffer, length);
    } else {
      this.#statistics.bytesUnwritten += length;
      this.#buffer.discard(buffer);
    }
    return true;
  }

  /** Notes where a cancelled transfer may have lost data. */
  #noteCancelled(status: TransferStatus, isShort: boolean): void {
    if (!this.cancelKeepsData && isShort && (status === 'cancelled' || status === 'timed-out')) {
      this.#statistics.lossOffset ??= this.#position;
    }
  }

  /** Returns the failures of transfers since the last call, and the place of the first one. */
  takeFailures(): Pick<Outcome, 'offset' | 'failures'> {
    const failures = this.#failures;
    this.#failures = [];
    return { offset: failures[0]?.offset ?? this.#position, failures };
  }

  /** Writes nothing until `release`: the stream may still fail to start. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Writes again; after a failure to start, drops all bytes that were not written. */
  release(failure: Outcome | undefined): void {
    this.#isHeld = false;
    if (failure !== undefined) {
      this.#fail(failure);
    }
    this.#onProgress();
  }

  /**
   * Writes waiting bytes, unless a write is in progress.
   *
   * @param all whether to write any number of bytes, instead of only enough for a large write
   * @returns what remains to be written
   */
  flush(all: boolean): PendingOutput {
    if (this.#isHeld) {
      return this.#buffer.isEmpty ? 'none' : 'writing';
    }
    if (this.#writing === 0 && (all ? !this.#buffer.isEmpty : this.#buffer.hasBatch)) {
      this.#write();
    }
    if (this.#writing > 0) {
      return 'writing';
    }
    return this.#buffer.isEmpty ? 'none' : 'waiting';
  }

  #write(): void {
    const buffers = this.#buffer.acquire(this.#maxWrite);
    for (const { length } of buffers) {
      this.#writing += length;
    }
    this.#statistics.bytesBeingWritten = this.#writing;
    this.#writingSince = performance.now();
    const done = this.#call.begin(this.#writing);
    try {
      this.#sink.write(buffers, done);
    } catch (error) {
      done(toError(error), 0);
    }
  }

  readonly #wrote = (error: Error | undefined, written: number): void => {
    this.#written += written;
    this.#statistics.bytesWritten = this.#written;
    this.#statistics.bytesUnwritten += this.#writing - written;
    this.#statistics.bytesBeingWritten = 0;
    this.#writing = 0;
    const bytesPerMillisecond = written / (performance.now() - this.#writingSince);
    this.#maxWrite = Math.min(bytesPerMillisecond * MAX_WRITE_TIME, MAX_WRITE);
    this.#buffer.release(this.#sink.keepsFullBuffers === true);
    if (error !== undefined) {
      this.#fail(failedWrite(error));
    }
    this.#onProgress();
  };

  readonly #onMisuse = (cause: Error): void => {
    this.#fail({ reason: 'output-failed', cause, at: performance.now() });
    this.#onProgress();
  };

  #fail(failure: Outcome): void {
    this.failure = failure;
    this.#statistics.bytesUnwritten += this.#buffer.clear();
  }
}
