import type { Endpoint } from '../../usb/backend.js';
import type { EndpointLocation } from '../../usb/locate.js';
import { isFailure } from '../../usb/transfer-status.js';
import { requireRange, requireTime } from '../checks.js';
import type { Sink } from '../io/sink.js';
import type { TransferObserver } from '../queue/observer.js';
import { type PendingOutput, Pump, type PumpOptions, type SubmitResult } from '../queue/pump.js';
import type { Completion, TransferQueue } from '../queue/transfer-queue.js';
import { isLoss, mostSevere, type Outcome } from '../session/outcome.js';
import { ReceiveStatistics } from '../stats/statistics.js';
import { type TimeoutOptions, Timeouts } from '../timeouts.js';
import { type Limits, Quota } from './limits.js';
import { PacketHeaders } from './packet-headers.js';
import { type StopDevice, TAIL_SILENCE, Tail } from './tail.js';
import { WriteBuffer } from './write-buffer.js';
import { Writer } from './writer.js';

/** The default capacity of the write buffer in bytes. */
export const DEFAULT_WRITE_BUFFER = 64 * 1024 * 1024;

/** How to empty an IN endpoint before a stream. */
export interface FlushOptions {
  /** Milliseconds after which the stream starts even if the device still sends. */
  readonly time: number;
  /** Called if the device still sent data when the time or the limit of bytes was reached. */
  readonly onUnfinished?: ((bytes: number) => void) | undefined;
}

/** What to receive, and how. */
export interface ReceiveOptions extends PumpOptions, Limits, TimeoutOptions {
  /** Bytes in each transfer: at least one packet of the endpoint, rounded down to whole packets. */
  readonly transferSize: number;
  /**
   * Bytes to remove from the start of each packet, less than a packet of the endpoint; 0 by default. A
   * packet that has no more bytes than these adds nothing. Limits, gaps and the idle timeout then apply
   * to the bytes that remain.
   */
  readonly stripPacket?: number | undefined;
  /** Whether and how to empty the endpoint before a capture or a duplex stream. */
  readonly flush?: FlushOptions | undefined;
  /**
   * After a limit or a stop, the device is stopped and receiving continues until a short packet or
   * silence, for at most this many milliseconds. Bytes after a limit in bytes are discarded. By default,
   * receiving ends with the stream.
   */
  readonly drainAfter?: number | undefined;
  /**
   * Received bytes that may wait for the sink before submission pauses, from 1; 64 MiB by default.
   * Memory is allocated as needed.
   */
  readonly writeBuffer?: number | undefined;
}

/**
 * Checks that a transfer has room for a packet of the endpoint.
 *
 * @throws RangeError
 */
export function checkTransferSize(
  { transferSize }: Pick<ReceiveOptions, 'transferSize'>,
  { endpoint }: Pick<EndpointLocation, 'endpoint'>,
): void {
  requireRange('transferSize', transferSize, endpoint.maxPacketSize, Number.isInteger);
}

const LIMIT: Outcome = { reason: 'limit' };
const IDLE: Outcome = { reason: 'idle' };

/**
 * Keeps transfers in flight on an IN endpoint and writes the received bytes to a sink, in the order of
 * submission and whatever the status.
 *
 * ```text
 *            submit                   in order                 write
 *   buffers ────────▶ transfer queue ──────────▶ write buffer ──────▶ sink
 *      ▲                                                               │
 *      └───────────────────────────────────────────────────────────────┘
 * ```
 *
 * While a transfer is in flight again, the buffer that it filled waits for the sink. When the write
 * buffer is full, submission pauses: the host requests nothing, and the device must wait. After each
 * run, `run` may be called again, to continue after a gap.
 */
export class Receiver {
  readonly statistics: ReceiveStatistics;
  readonly #transferSize: number;
  readonly #headers: PacketHeaders;
  readonly #quota: Quota;
  readonly #writeBuffer: WriteBuffer;
  readonly #writer: Writer;
  readonly #timeouts: Timeouts;
  readonly #pump: Pump;
  readonly #tail: Tail | undefined;
  #packetSize = 1;
  #cancelKeepsData = true;
  /** Whether a transfer of this run stalled: the endpoint is halted then. */
  #isHalted = false;
  /** The buffer of a failed submission; the next submission uses it. */
  #unsubmitted: Buffer | undefined;

  /**
   * @param isIdleRegular whether silence is a regular end of the stream, to which `drainAfter` applies
   * @throws RangeError for options out of range
   */
  constructor(
    sink: Sink,
    options: ReceiveOptions,
    observer?: TransferObserver,
    isIdleRegular = false,
  ) {
    const { depth, transferSize, stripPacket = 0, writeBuffer = DEFAULT_WRITE_BUFFER } = options;
    requireRange('transferSize', transferSize, 1, Number.isInteger);
    requireTime('drainAfter', options.drainAfter);
    requireTime('flush.time', options.flush?.time);
    requireRange('writeBuffer', writeBuffer, 1, Number.isFinite);
    this.#transferSize = transferSize;
    this.#headers = new PacketHeaders(stripPacket);
    this.statistics = new ReceiveStatistics(depth, this.#headers);
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
      observer,
    );
    const advance = (): void => this.#pump.advance();
    this.#quota = new Quota(options, this.#headers);
    this.#writeBuffer = new WriteBuffer(depth, transferSize, writeBuffer);
    this.#writer = new Writer(this.#writeBuffer, sink, this.statistics, options, advance);
    this.#timeouts = new Timeouts(options, advance);
    if (options.drainAfter !== undefined) {
      const awaitSilence = (): void => this.setIdleTimeout(TAIL_SILENCE);
      this.#tail = new Tail(options.drainAfter, isIdleRegular, awaitSilence, advance);
    }
  }

  /**
   * Receives from an endpoint until something ends the run. Submits transfers before it returns.
   * Resolves when all received bytes are written; then `run` may be called again.
   *
   * Rejects with a RangeError if `transferSize` is less than one packet of the endpoint, or `stripPacket`
   * leaves nothing of it.
   *
   * @param begin called when the transfers are submitted, and awaited before anything is written. If it
   *   resolves to a failure, nothing is written. Does not reject.
   * @param stopDevice called at the end of the stream with `drainAfter`, while transfers are in flight
   */
  async run(
    endpoint: Endpoint,
    begin?: () => Promise<Outcome | undefined>,
    stopDevice: StopDevice = async () => {},
  ): Promise<Outcome> {
    requireRange('transferSize', this.#transferSize, endpoint.maxPacketSize);
    this.#packetSize = endpoint.maxPacketSize;
    this.#headers.setPacketSize(endpoint.maxPacketSize);
    this.#cancelKeepsData = endpoint.cancelKeepsData;
    this.#writer.cancelKeepsData = endpoint.cancelKeepsData;
    if (begin === undefined) {
      this.#tail?.ready(stopDevice);
      return this.#pump.run(endpoint);
    }
    this.#writer.hold();
    const run = this.#pump.run(endpoint);
    const failure = await begin();
    this.#tail?.ready(stopDevice);
    // What a device sent before it was lost is written.
    this.#writer.release(failure === undefined || isLoss(failure) ? undefined : failure);
    const end = await run;
    return { ...end, ...mostSevere(end, failure) }; // in any case with what the run received
  }

  /** Whether a transfer of the last run stalled: the endpoint is halted then. */
  get isHalted(): boolean {
    return this.#isHalted;
  }

  /**
   * Ends this run and any later one: starts the drain, after which `run` resolves. With `drainAfter`, the
   * first stop without a failure lets the device end its data before.
   */
  stop(end: Outcome): void {
    const isTail = !this.#pump.isDraining && this.#tail?.begin(end) === true;
    if (!isTail) {
      this.#pump.stop(mostSevere(this.#tail?.end ?? end, end));
    }
  }

  /** Ends this run only: starts the drain, after which `run` resolves. */
  end(end: Outcome): void {
    this.#pump.end(end);
  }

  /** The bytes for the output so far, written or not. */
  get position(): number {
    return this.#writer.position;
  }

  /**
   * Sets the idle timeout, counted from now: the run ends when no byte arrives within it.
   *
   * @param milliseconds Infinity for never
   */
  setIdleTimeout(milliseconds: number): void {
    this.#timeouts.setIdleTimeout(milliseconds);
  }

  readonly #start = (queue: TransferQueue): void => {
    this.#isHalted = false;
    this.#timeouts.start(queue, this.#cancelKeepsData);
  };

  readonly #onComplete = (completion: Completion, now: number): boolean => {
    const payload = this.#headers.payloadOf(completion.actualLength);
    this.#isHalted ||= completion.status === 'stall';
    this.#countTail(completion, payload);
    this.#quota.count(completion, payload);
    this.#timeouts.onComplete(completion, payload, now);
    return isFailure(completion.status);
  };

  readonly #collect = (queue: TransferQueue): void => {
    for (let head = queue.head; head !== undefined && this.#writer.take(head); head = queue.head) {
      queue.removeHead();
    }
  };

  #countTail({ status, requested, actualLength }: Completion, payload: number): void {
    if (this.#tail?.end !== undefined) {
      this.statistics.bytesAfterStop += payload;
      if (status === 'completed' && actualLength < requested) {
        this.#tail.onShortPacket();
      }
    }
  }

  readonly #outcome = (): Outcome | undefined => {
    if (this.#writer.failure !== undefined || this.#tail?.end !== undefined) {
      return this.#writer.failure ?? this.#tailOutcome();
    }
    const end = this.#quota.reached ? LIMIT : this.#timeouts.isIdle ? IDLE : undefined;
    if (end === undefined || this.#tail === undefined || this.#pump.isDraining) {
      return end;
    }
    // While the stream starts, the device cannot be stopped yet.
    return this.#tail.isReady && !this.#tail.begin(end) ? end : undefined;
  };

  #tailOutcome(): Outcome | undefined {
    const { end, isOpen, isOver } = this.#tail ?? {};
    return isOver || (isOpen && this.#timeouts.isIdle) ? end : undefined;
  }

  readonly #submit = (queue: TransferQueue, now: number): SubmitResult => {
    // Never request more than remains: further bytes would be missing in the next run. Request whole
    // packets only, because a device may fill its last packet.
    const allowance = this.#tail?.end === undefined ? this.#quota.allowance(queue) : Infinity;
    const left = Math.min(allowance, this.#transferSize);
    if (left <= 0) {
      return 'none';
    }
    if (queue.isFull && queue.head === undefined) {
      return 'none'; // until the oldest transfer completes
    }
    const length = this.#wholePackets(left);
    const buffer =
      queue.isFull || !queue.canObserve(length)
        ? undefined
        : (this.#unsubmitted ?? this.#writeBuffer.takeBuffer());
    this.#timeouts.isPaused = buffer === undefined && queue.inFlight === 0;
    if (buffer === undefined) {
      return 'throttled';
    }
    this.#unsubmitted = buffer;
    queue.submit(buffer, length, now);
    this.#unsubmitted = undefined;
    return 'submitted';
  };

  /** Rounds up to whole packets, but not above the transfer size. */
  #wholePackets(bytes: number): number {
    const max = Math.floor(this.#transferSize / this.#packetSize);
    return Math.min(Math.ceil(bytes / this.#packetSize), max) * this.#packetSize;
  }

  readonly #flush = (turnEnds: boolean): PendingOutput => this.#writer.flush(turnEnds);

  readonly #finish = (): Pick<Outcome, 'offset' | 'failures' | 'isHalted'> => {
    this.#timeouts.stop();
    this.#tail?.finish();
    return { ...this.#writer.takeFailures(), isHalted: this.#isHalted };
  };
}
