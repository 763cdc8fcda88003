import type { Endpoint } from '../../usb/backend.js';
import { isFailure } from '../../usb/transfer-status.js';
import type { Sink } from '../io/sink.js';
import {
  type PendingOutput,
  Pump,
  type PumpOptions,
  requireRange,
  type SubmitResult,
} from '../queue/pump.js';
import type { Completion, TransferQueue } from '../queue/transfer-queue.js';
import type { Outcome } from '../session/outcome.js';
import { ReceiveStatistics } from '../stats/statistics.js';
import { type TimeoutOptions, Timeouts } from '../timeouts.js';
import { type Limits, Quota } from './limits.js';
import { WriteBuffer } from './write-buffer.js';
import { Writer } from './writer.js';

/** Bytes in the write buffer by default. */
export const DEFAULT_WRITE_BUFFER = 64 * 1024 * 1024;

/** What to receive, and how. */
export interface ReceiveOptions extends PumpOptions, Limits, TimeoutOptions {
  /** Bytes in each transfer: at least one packet of the endpoint, rounded down to whole packets. */
  readonly transferSize: number;
  /**
   * Received bytes that may wait for the sink before submitting pauses, from 1; 64 MiB by default.
   * Memory is used as it is needed.
   */
  readonly writeBuffer?: number | undefined;
}

const LIMIT: Outcome = { reason: 'limit' };
const IDLE: Outcome = { reason: 'idle' };

/**
 * Keeps transfers in flight on an IN endpoint and writes what they bring to a sink, in the order of
 * submission, whatever their status.
 *
 * ```text
 *            submit                   in order                 write
 *   buffers ────────▶ transfer queue ──────────▶ write buffer ──────▶ sink
 *      ▲                                                               │
 *      └───────────────────────────────────────────────────────────────┘
 * ```
 *
 * While a transfer is in flight again, the buffer that it filled waits for the sink. With the write
 * buffer full, submitting pauses: the device is NAKed and nothing is lost. After each run, `run` may
 * be called again, to continue after a gap.
 */
export class Receiver {
  readonly statistics: ReceiveStatistics;
  readonly #transferSize: number;
  readonly #quota: Quota;
  readonly #writeBuffer: WriteBuffer;
  readonly #writer: Writer;
  readonly #timeouts: Timeouts;
  readonly #pump: Pump;
  #packetSize = 1;
  /** Whether any byte arrived in this run. */
  #hasData = false;
  /** The buffer of a transfer that could not be submitted: the next one uses it. */
  #buffer: Buffer | undefined;

  /** @throws RangeError for options out of their ranges */
  constructor(sink: Sink, options: ReceiveOptions) {
    const { depth, transferSize, writeBuffer = DEFAULT_WRITE_BUFFER } = options;
    requireRange('transferSize', transferSize, 1, Number.isInteger);
    requireRange('writeBuffer', writeBuffer, 1, Number.isFinite);
    this.#transferSize = transferSize;
    this.statistics = new ReceiveStatistics(depth);
    this.#pump = new Pump(
      {
        statistics: this.statistics,
        start: this.#start,
        onComplete: this.#onComplete,
        collect: this.#collect,
        outcome: this.#outcome,
        submit: this.#submit,
        flush: this.#flush,
        finish: this.#finish,
      },
      options,
    );
    const advance = (): void => this.#pump.advance();
    this.#quota = new Quota(options);
    this.#writeBuffer = new WriteBuffer(depth, transferSize, writeBuffer);
    this.#writer = new Writer(this.#writeBuffer, sink, this.statistics, options, advance);
    this.#timeouts = new Timeouts(options);
  }

  /**
   * Receives from an endpoint until something ends it. The transfers are submitted when this returns;
   * the promise resolves when everything that arrived was written. Then it may run again.
   *
   * Rejects with a RangeError when `transferSize` is less than one packet of the endpoint.
   */
  async run(endpoint: Endpoint): Promise<Outcome> {
    requireRange('transferSize', this.#transferSize, endpoint.maxPacketSize);
    this.#packetSize = endpoint.maxPacketSize;
    return this.#pump.run(endpoint);
  }

  /** Ends this run, and any later one at once: the drain begins, and `run` resolves at its end. */
  stop(end: Outcome): void {
    this.#pump.stop(end);
  }

  /** Transfers in flight. */
  get inFlight(): number {
    return this.#pump.inFlight;
  }

  /**
   * Ends when no byte has arrived for this long, counted from now.
   *
   * @param milliseconds Infinity for never
   */
  endWhenSilent(milliseconds: number): void {
    this.#timeouts.setIdle(milliseconds);
  }

  readonly #start = (queue: TransferQueue): void => {
    this.#hasData = false;
    this.#timeouts.start(queue);
  };

  readonly #onComplete = (completion: Completion, now: number): boolean => {
    this.#hasData ||= completion.actualLength > 0;
    this.#quota.count(completion);
    this.#timeouts.onComplete(completion, now);
    return isFailure(completion.status);
  };

  readonly #collect = (queue: TransferQueue): void => {
    for (let head = queue.head; head !== undefined && this.#writer.take(head); head = queue.head) {
      queue.removeHead();
    }
  };

  readonly #outcome = (): Outcome | undefined =>
    this.#writer.failure ??
    (this.#quota.reached ? LIMIT : this.#timeouts.isSilent ? IDLE : undefined);

  readonly #submit = (queue: TransferQueue, now: number): SubmitResult => {
    // Never ask the device for more than is left: what it sends beyond would be missing in the next
    // run. Ask for whole packets only, as a device may fill its last packet.
    const left = Math.min(this.#quota.allowance(queue), this.#transferSize);
    if (left <= 0) {
      return 'none';
    }
    if (queue.isFull && queue.head === undefined) {
      return 'none'; // until the oldest transfer completes
    }
    const buffer = queue.isFull ? undefined : (this.#buffer ?? this.#writeBuffer.takeBuffer());
    this.#timeouts.isPaused = buffer === undefined && queue.inFlight === 0;
    if (buffer === undefined) {
      return 'throttled';
    }
    this.#buffer = buffer;
    queue.submit(buffer, this.#wholePackets(left), now);
    this.#buffer = undefined;
    return 'submitted';
  };

  /** Rounds up, unless that would be more than a transfer has. */
  #wholePackets(bytes: number): number {
    const most = Math.floor(this.#transferSize / this.#packetSize);
    return Math.min(Math.ceil(bytes / this.#packetSize), most) * this.#packetSize;
  }

  readonly #flush = (turnEnds: boolean): PendingOutput => this.#writer.flush(turnEnds);

  readonly #finish = (): Pick<Outcome, 'offset' | 'hasGap' | 'hasData'> => {
    this.#timeouts.stop();
    return { ...this.#writer.takeFailure(), hasData: this.#hasData };
  };
}
