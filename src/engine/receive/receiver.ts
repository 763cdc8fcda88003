import type { Endpoint } from '../../usb/backend.js';
import type { TransferStatus } from '../../usb/transfer-status.js';
import type { Sink } from '../io/sink.js';
import { Pump, type PumpOptions, type TransferHandler } from '../queue/pump.js';
import { ReorderQueue } from '../queue/reorder-queue.js';
import type { TransferQueue } from '../queue/transfer-queue.js';
import type { Outcome } from '../session/outcome.js';
import { ReceiveStatistics } from '../stats/statistics.js';
import { type TimeOutOptions, Timeouts } from '../timeouts.js';
import { type Limits, Quota } from './limits.js';
import { WriteBuffer } from './write-buffer.js';
import { Writer } from './writer.js';

/** Received bytes that may wait for the sink before submitting pauses, unless told otherwise. */
export const DEFAULT_BACKLOG = 64 * 1024 * 1024;

/** What to receive, and how. */
export interface ReceiveOptions extends PumpOptions, Limits, TimeOutOptions {
  /** Bytes in each transfer: at least one packet of the endpoint. A fraction of one is left out. */
  readonly transferSize: number;
  /**
   * Received bytes that may wait for the sink before submitting pauses, from 1 on; 64 MiB by
   * default. Memory is used as it is needed.
   */
  readonly backlog?: number | undefined;
}

/**
 * Keeps a pool of transfers in flight on an IN endpoint and writes what they bring to a sink, in
 * the order of submission, whatever their status.
 *
 * ```text
 *            submit                  complete                  in order           write
 *   buffers ────────▶ transfer pool ──────────▶ reorder queue ──────────▶ backlog ──────▶ sink
 *      ▲               (in flight)                                                         │
 *      └───────────────────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * While a transfer is in flight again, the buffer that it brought waits for the sink. With the
 * backlog full, submitting pauses: the device is NAKed and nothing is lost. After each run, `run`
 * may be called again, to go on behind a gap.
 */
export class Receiver implements TransferHandler {
  readonly statistics: ReceiveStatistics;
  readonly #transferSize: number;
  readonly #pump: Pump;
  readonly #quota: Quota;
  readonly #backlog: WriteBuffer;
  readonly #completed: ReorderQueue;
  readonly #writer: Writer;
  readonly #timeOuts: Timeouts;
  #packetSize = 1;
  /** Packets in a full transfer. */
  #packets = 1;
  length = 0;
  heldUp = false;

  /** @throws RangeError for options out of their ranges */
  constructor(sink: Sink, options: ReceiveOptions) {
    const { depth, transferSize, backlog = DEFAULT_BACKLOG } = options;
    const { bytes = Number.POSITIVE_INFINITY, skip = 0 } = options;
    this.#pump = new Pump(this, options);
    if (!Number.isInteger(transferSize) || transferSize < 1) {
      throw new RangeError(`transferSize must be a whole number from 1 on, not ${transferSize}`);
    }
    if (!(backlog >= 1 && Number.isFinite(backlog))) {
      throw new RangeError(`backlog must be finite, and from 1 on, not ${backlog}`);
    }
    this.#transferSize = transferSize;
    this.statistics = new ReceiveStatistics(depth);
    this.#quota = new Quota(options);
    this.#backlog = new WriteBuffer(depth, transferSize, backlog);
    this.#completed = new ReorderQueue(this.#backlog.buffers.capacity);
    this.#writer = new Writer(
      this.#completed,
      this.#backlog,
      sink,
      this.statistics,
      { skip, bytes },
      this.#onWritten,
    );
    this.#timeOuts = new Timeouts(options, () => this.#pump.drain({ reason: 'idle' }));
  }

  /**
   * Receives from an endpoint until something ends it. The pool is submitted when this returns; the
   * promise resolves when everything that arrived was written. Then it may run again.
   *
   * Rejects with a RangeError when `transferSize` is less than one packet of the endpoint.
   */
  async run(endpoint: Endpoint): Promise<Outcome> {
    this.#packetSize = endpoint.maxPacketSize;
    this.#packets = Math.floor(this.#transferSize / this.#packetSize);
    if (!(this.#packets >= 1)) {
      throw new RangeError(`transferSize must be at least ${this.#packetSize}`);
    }
    return this.#pump.run(endpoint, this.#completed.taken);
  }

  /** Ends this run, and any later one at once: the drain begins, and `run` resolves at its end. */
  stop(end: Outcome): void {
    this.#pump.stop(end);
  }

  /**
   * Ends when nothing has come for so long from here on.
   *
   * @param milliseconds Infinity for never
   */
  endWhenSilent(milliseconds: number): void {
    this.#timeOuts.setIdle(milliseconds);
  }

  start(pool: TransferQueue): void {
    this.#timeOuts.start(pool);
    this.#endAtLimit('cancelled', false);
  }

  next(pool: TransferQueue): Buffer | undefined {
    this.heldUp = false;
    // Never ask the device for more than is left: what it sends beyond would be lost to the next
    // run. Whole packets only, as a device may fill its last packet.
    const left = this.#quota.allowance(this.statistics, pool);
    if (left <= 0) {
      return undefined;
    }
    const packets = Math.min(Math.ceil(left / this.#packetSize), this.#packets);
    this.length = packets * this.#packetSize;
    const buffer = this.#backlog.buffers.take();
    this.heldUp = buffer === undefined;
    this.#timeOuts.dry = this.heldUp && pool.inFlight === 0;
    return buffer;
  }

  restore(buffer: Buffer): void {
    this.#backlog.buffers.give(buffer);
  }

  ended(
    sequence: number,
    buffer: Buffer,
    requested: number,
    status: TransferStatus,
    actualLength: number,
    now: number,
  ): void {
    this.#completed.put(sequence, buffer, actualLength);
    this.#judge(sequence, status, actualLength < requested);
    this.#timeOuts.answered(sequence, actualLength, now);
  }

  settle(): void {
    this.#writer.gather();
  }

  proceed(turnEnds: boolean): boolean {
    if (turnEnds) {
      this.#writer.write();
    } else {
      this.#writer.writeLarge();
    }
    return this.#writer.canWrite;
  }

  get busy(): boolean {
    return this.#writer.busy;
  }

  finish(): number {
    this.#timeOuts.stop();
    return this.#writer.takeFailure();
  }

  /** What a status means for the capture as a whole. */
  #judge(sequence: number, status: TransferStatus, short: boolean): void {
    switch (status) {
      case 'stall':
      case 'error':
      case 'overflow':
        this.#writer.markFailed(sequence);
        this.#pump.drain({ reason: status });
        break;
      case 'no-device':
        this.#writer.markFailed(sequence);
        this.#pump.drain({ reason: 'device-lost' });
        break;
      default:
        this.#endAtLimit(status, short);
    }
  }

  /** Nothing is in flight then: the quota asked for no more. */
  #endAtLimit(status: TransferStatus, short: boolean): void {
    if (this.#quota.reached(this.statistics, status, short)) {
      this.#pump.drain({ reason: 'limit' });
    }
  }

  readonly #onWritten = (error: Error | undefined): void => {
    if (error === undefined) {
      this.#pump.advance();
    } else {
      const closed = (error as NodeJS.ErrnoException).code === 'EPIPE';
      this.#pump.stop({ reason: closed ? 'reader-closed' : 'output-failed', cause: error });
    }
  };
}
