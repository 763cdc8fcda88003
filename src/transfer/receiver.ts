import type { Endpoint } from '../usb/backend.js';
import { UsbError } from '../usb/errors.js';
import { toError } from '../usb/to-error.js';
import type { TransferStatus } from '../usb/transfer-status.js';
import { BufferPool } from './buffer-pool.js';
import { Deadline } from './deadline.js';
import { type End, worse } from './end.js';
import { ReorderQueue } from './reorder-queue.js';
import type { Sink } from './sink.js';
import { Statistics } from './statistics.js';
import { TransferPool } from './transfer-pool.js';
import { Writer } from './writer.js';

/** Received bytes that may wait for the sink before submitting pauses. */
const BACKLOG = 64 * 1024 * 1024;

/** The most buffers in the backlog, however small they are. */
const MOST_BUFFERS = 65_536;

/** What to receive, and how. */
export interface ReceiveOptions {
  /** Transfers kept in flight, from 1 on. */
  readonly depth: number;
  /** Bytes in each transfer: a multiple of the endpoint's packet size. */
  readonly transferSize: number;
  /** Bytes to write before ending, from 1 on; without it there is no limit. */
  readonly bytes?: number;
  /** Milliseconds from the first submission until the end; without it there is no limit. */
  readonly duration?: number;
}

/**
 * Keeps a pool of transfers in flight on an IN endpoint and writes what they bring to a sink, in
 * the order of submission, whatever their status.
 *
 * ```text
 *            submit                    complete                   write
 *   buffers ────────▶ transfer pool ────────────▶ reorder queue ────────▶ sink
 *      ▲                (in flight)                (the backlog)            │
 *      └────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * A completed transfer is submitted again at once, with another buffer, while its own buffer waits
 * for the sink. With the backlog full, submitting pauses: the device is NAKed and nothing is lost.
 *
 * Every end is the same drain: stop submitting, cancel newest first, await every completion, write
 * what came.
 */
export class Receiver {
  readonly statistics = new Statistics();
  readonly #packetSize: number;
  readonly #transferSize: number;
  readonly #limit: number;
  readonly #duration: number | undefined;
  readonly #buffers: BufferPool;
  readonly #pool: TransferPool;
  readonly #completed: ReorderQueue;
  readonly #writer: Writer;
  #end: End | undefined;
  #deadline: Deadline | undefined;
  #resolve: (end: End) => void = () => {};

  /** @throws RangeError for options out of their ranges */
  constructor(endpoint: Endpoint, sink: Sink, options: ReceiveOptions) {
    validate(options, endpoint.maxPacketSize);
    const { depth, transferSize, bytes, duration } = options;
    const capacity = depth + Math.min(Math.ceil(BACKLOG / transferSize), MOST_BUFFERS);
    this.#packetSize = endpoint.maxPacketSize;
    this.#transferSize = transferSize;
    this.#limit = bytes ?? Number.POSITIVE_INFINITY;
    this.#duration = duration;
    this.#buffers = new BufferPool(transferSize, capacity);
    this.#completed = new ReorderQueue(capacity);
    this.#pool = new TransferPool(endpoint, depth, this.#onComplete);
    this.#writer = new Writer(
      this.#completed,
      sink,
      this.#buffers,
      this.statistics,
      this.#limit,
      this.#onWritten,
    );
  }

  /** Receives until something ends it. Resolves when everything that arrived was written. */
  run(): Promise<End> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.statistics.startedAt = performance.now();
      if (this.#duration !== undefined) {
        this.#deadline = new Deadline(this.#duration, () => this.stop({ reason: 'duration' }));
      }
      this.#advance();
    });
  }

  /** Ends the capture: the drain begins, and `run` resolves at its end. */
  stop(end: End): void {
    this.#drain(end);
    this.#advance();
  }

  // A throw out of a completion would vanish in the native layer: it ends the capture instead.
  readonly #onComplete = (
    sequence: number,
    buffer: Buffer,
    requested: number,
    status: TransferStatus,
    actualLength: number,
  ): void => {
    try {
      this.statistics.count(status, requested, actualLength);
      this.#completed.put(sequence, buffer, actualLength);
      this.#judge(status);
    } catch (error) {
      this.#drain(internal(error));
    }
    this.#advance();
  };

  readonly #onWritten = (error: Error | undefined): void => {
    if (error !== undefined) {
      const closed = (error as NodeJS.ErrnoException).code === 'EPIPE';
      this.#drain({ reason: closed ? 'reader-closed' : 'output-failed', cause: error });
    }
    this.#advance();
  };

  /** What a status means for the capture as a whole. */
  #judge(status: TransferStatus): void {
    switch (status) {
      case 'stall':
      case 'error':
      case 'overflow':
        this.#drain({ reason: status });
        break;
      case 'no-device':
        this.#drain({ reason: 'device-lost' });
        break;
      default:
        if (this.statistics.bytesReceived >= this.#limit) {
          this.#drain({ reason: 'limit' });
        }
    }
  }

  /** Moves everything on as far as it goes now. */
  #advance(): void {
    try {
      this.#fill();
      this.#writer.advance();
    } catch (error) {
      this.#drain(internal(error));
    }
    if (this.#end !== undefined && this.#pool.inFlight === 0 && !this.#writer.busy) {
      this.#deadline?.clear();
      this.statistics.endedAt = performance.now();
      this.#resolve(this.#end);
    }
  }

  /** Submits idle transfers while there is something left to ask for and a buffer to put it in. */
  #fill(): void {
    while (this.#end === undefined && this.#pool.hasIdle) {
      // Never ask the device for more than is left: what it sends beyond would be lost to the next
      // run. Whole packets only, as a device may fill its last packet.
      const left = this.#limit - this.statistics.bytesReceived - this.#pool.bytesInFlight;
      if (left <= 0) {
        return;
      }
      const buffer = this.#buffers.take();
      if (buffer === undefined) {
        return;
      }
      const packets = Math.ceil(Math.min(left, this.#transferSize) / this.#packetSize);
      try {
        this.#pool.submit(buffer, packets * this.#packetSize);
      } catch (error) {
        this.#buffers.give(buffer);
        this.#drain(submitFailed(error));
      }
    }
  }

  /** Begins the drain, or, when it has begun, notes a graver reason for it. */
  #drain(end: End): void {
    if (this.#end !== undefined) {
      this.#end = worse(this.#end, end);
      return;
    }
    this.#end = end;
    this.#pool.cancelAll();
  }
}

function validate({ depth, transferSize, bytes }: ReceiveOptions, packetSize: number): void {
  if (!Number.isInteger(depth) || depth < 1) {
    throw new RangeError(`depth must be a whole number from 1 on, not ${depth}`);
  }
  if (!Number.isInteger(transferSize) || transferSize < 1 || transferSize % packetSize !== 0) {
    throw new RangeError(`transferSize must be a multiple of ${packetSize}, not ${transferSize}`);
  }
  if (bytes !== undefined && !(bytes >= 1)) {
    throw new RangeError(`bytes must be at least 1, not ${bytes}`);
  }
}

function submitFailed(error: unknown): End {
  if (!(error instanceof UsbError)) {
    return internal(error);
  }
  return { reason: error.code === 'no-device' ? 'device-lost' : 'submit-failed', cause: error };
}

function internal(error: unknown): End {
  return { reason: 'internal', cause: toError(error) };
}
