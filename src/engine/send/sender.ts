import type { Endpoint } from '../../usb/backend.js';
import { isCount, requireOneOf, requireRange, requireTime } from '../checks.js';
import type { Source } from '../io/source.js';
import type { TransferObserver } from '../queue/observer.js';
import { type PendingOutput, Pump, type PumpOptions, type SubmitResult } from '../queue/pump.js';
import type { Completion, TransferQueue } from '../queue/transfer-queue.js';
import { addFailure, type Outcome, type TransferFailure } from '../session/outcome.js';
import { SendStatistics } from '../stats/statistics.js';
import { Watchdog } from '../timers.js';
import { ReadAhead } from './read-ahead.js';

/** The default number of bytes to read ahead of the transfers in flight. */
export const DEFAULT_READ_AHEAD = 4 * 1024 * 1024;

/**
 * When to send a zero-length packet after a message whose last packet is full, so that the device sees
 * its end (USB 2.0 §5.8.3): `never`; `auto`: the whole input is one message; `always`: each transfer
 * is a message.
 */
export type ZeroLengthPackets = 'auto' | 'always' | 'never';

/** What to send, and how. */
export interface SendOptions extends PumpOptions {
  /** Bytes in each transfer, from 1. The last one may have fewer. */
  readonly transferSize: number;
  /** Whether to send bytes as soon as they are read, instead of in full transfers only. */
  readonly prompt?: boolean | undefined;
  /**
   * Bytes to read ahead of the transfers in flight, from 1, up to 256 Ki transfers; 4 MiB by default.
   */
  readonly readAhead?: number | undefined;
  /** Bytes to send, from 1; by default the whole input. */
  readonly bytes?: number | undefined;
  /** Never by default. */
  readonly zlp?: ZeroLengthPackets | undefined;
  /** Milliseconds within which the device must accept a transfer; unlimited by default. */
  readonly idleTimeout?: number | undefined;
}

const ZERO_LENGTH = Buffer.alloc(0);

const LIMIT: Outcome = { reason: 'limit' };
const IDLE: Outcome = { reason: 'idle' };
const INPUT_ENDED: Outcome = { reason: 'input-ended' };

/**
 * Keeps transfers in flight on an OUT endpoint, with data that it reads from a source.
 *
 * ```text
 *             read                   submit                   in order
 *   source ────────▶ read-ahead ────────────▶ transfer queue ──────────▶ accepted
 *                        ▲                                         │
 *                        └─────────────────────────────────────────┘
 *                                          buffers
 * ```
 *
 * The first transfer that the device does not accept in full ends the run: nothing is submitted after
 * a gap, and queued transfers are cancelled, newest first. The number of bytes accepted before the gap
 * is exact. `run` may be called only once.
 */
export class Sender {
  readonly statistics: SendStatistics;
  /** Whether a transfer stalled: the endpoint is halted then. */
  isHalted = false;
  readonly #depth: number;
  readonly #zlp: ZeroLengthPackets;
  readonly #readAhead: ReadAhead;
  readonly #watchdog: Watchdog | undefined;
  readonly #pump: Pump;
  #queue: TransferQueue | undefined;
  #packetSize = 1;
  #cancelKeepsData = true;
  /** The buffer of a failed submission; the next submission uses it. */
  #unsubmitted: Buffer | undefined;
  /** Whether the last piece was a message that needs a zero-length packet after it. */
  #zeroLengthDue = false;
  /** Whether the zero-length packet after the whole input was submitted. */
  #inputEndSent = false;
  /** Bytes of the last piece; 0 before the first. */
  #lastLength = 0;
  /**
   * Whether the queue was ever full, or empty after a completion. Before that, waiting for input does
   * not count as throttled.
   */
  #filledOnce = false;
  /** Whether a transfer was not accepted in full. */
  #hasGap = false;
  readonly #failures: TransferFailure[] = [];
  /** The time of the last completion in monotonic milliseconds; 0 before the first. */
  #completedAt = 0;
  #isIdle = false;

  /** @throws RangeError for options out of range */
  constructor(source: Source, options: SendOptions, observer?: TransferObserver) {
    const { depth, transferSize, readAhead = DEFAULT_READ_AHEAD, idleTimeout } = options;
    const { bytes = Number.POSITIVE_INFINITY, prompt = false, zlp = 'never' } = options;
    requireRange('transferSize', transferSize, 1, Number.isInteger);
    requireRange('readAhead', readAhead, 1, Number.isFinite);
    requireRange('bytes', bytes, 1, isCount);
    requireTime('idleTimeout', idleTimeout);
    requireOneOf('zlp', zlp, ['auto', 'always', 'never']);
    this.statistics = new SendStatistics(depth);
    this.#pump = new Pump(
      {
        statistics: this.statistics,
        start: this.#start,
        onComplete: this.#onComplete,
        collect: this.#collect,
        outcome: this.#outcome,
        submit: this.#submit,
        flush: (): PendingOutput => 'none', // there is no other output
        finish: this.#finish,
      },
      options,
      observer,
    );
    this.#depth = depth;
    this.#zlp = zlp;
    this.#readAhead = new ReadAhead(
      source,
      {
        pieceSize: transferSize,
        capacity: depth * transferSize + readAhead,
        bytes,
        exact: !prompt,
      },
      this.#onRead,
    );
    if (idleTimeout !== undefined) {
      this.#watchdog = new Watchdog(idleTimeout, this.#pendingSince, this.#onIdle);
    }
  }

  /** Sends to an endpoint until the input or something else ends the run. Resolves after the drain. */
  async run(endpoint: Endpoint): Promise<Outcome> {
    this.#packetSize = endpoint.maxPacketSize;
    this.#cancelKeepsData = endpoint.cancelKeepsData;
    return this.#pump.run(endpoint);
  }

  /** Ends the run: starts the drain, after which `run` resolves. */
  stop(end: Outcome): void {
    this.#pump.stop(end);
  }

  /** Transfers in flight. */
  get inFlight(): number {
    return this.#pump.inFlight;
  }

  readonly #start = (queue: TransferQueue): void => {
    this.#queue = queue;
    this.#watchdog?.start();
  };

  readonly #onComplete = (completion: Completion, now: number): boolean => {
    this.#completedAt = now;
    this.isHalted ||= completion.status === 'stall';
    return completion.status !== 'completed' || completion.actualLength < completion.requested;
  };

  readonly #collect = (queue: TransferQueue): void => {
    for (let head = queue.head; head !== undefined; head = queue.head) {
      this.#account(head);
      if (head.requested > 0) {
        this.#readAhead.release();
      }
      queue.removeHead();
    }
    // Read before submitting: the read runs on another thread.
    if (!this.#pump.isDraining) {
      this.#readAhead.read();
    }
  };

  /** Counts the bytes of a completion. A cancelled transfer that was fully accepted leaves no gap. */
  #account({ status, requested, actualLength }: Completion): void {
    if (this.#hasGap) {
      this.statistics.bytesAfterGap += actualLength;
    } else {
      this.statistics.bytesAccepted += actualLength;
    }
    addFailure(this.#failures, status, this.statistics.bytesAccepted);
    if (!this.#cancelKeepsData && actualLength < requested && !this.isHalted) {
      this.statistics.isMinimum ||= status === 'cancelled' || status === 'timed-out';
    }
    if (actualLength < requested || (requested === 0 && status !== 'completed')) {
      this.#hasGap = true;
    } else if (requested === 0) {
      this.statistics.zeroLengthPackets += 1;
    }
  }

  readonly #outcome = (queue: TransferQueue): Outcome | undefined => {
    if (this.#pump.isDraining) {
      return undefined;
    }
    if (this.#isIdle) {
      return IDLE;
    }
    const { failure, isOver, isShort } = this.#readAhead;
    if (!isOver || queue.inFlight > 0 || this.#isMoreDue) {
      return undefined;
    }
    if (failure !== undefined) {
      return { reason: 'input-failed', cause: failure };
    }
    return isShort ? INPUT_ENDED : LIMIT;
  };

  readonly #submit = (queue: TransferQueue, now: number): SubmitResult => {
    if (queue.isFull) {
      return 'none'; // until the oldest transfer completes
    }
    const buffer = this.#unsubmitted ?? this.#nextBuffer();
    if (buffer === undefined) {
      this.#filledOnce ||= queue.inFlight === 0 && this.#completedAt > 0; // the device is faster
      return this.#filledOnce && this.#readAhead.mayHaveMore ? 'throttled' : 'none';
    }
    this.#unsubmitted = buffer;
    if (!queue.canObserve(buffer.length)) {
      return 'throttled';
    }
    queue.submit(buffer, buffer.length, now);
    this.#unsubmitted = undefined;
    this.#filledOnce ||= queue.inFlight === this.#depth;
    return 'submitted';
  };

  #nextBuffer(): Buffer | undefined {
    if (this.#zeroLengthDue) {
      this.#zeroLengthDue = false;
      return ZERO_LENGTH;
    }
    const piece = this.#readAhead.take();
    if (piece !== undefined) {
      this.#lastLength = piece.length;
      this.#zeroLengthDue = this.#zlp === 'always' && piece.length % this.#packetSize === 0;
      return piece;
    }
    if (this.#isInputEndDue) {
      this.#inputEndSent = true;
      return ZERO_LENGTH;
    }
    return undefined;
  }

  /** Whether there is something to submit although the input is over. */
  get #isMoreDue(): boolean {
    return this.#unsubmitted !== undefined || this.#zeroLengthDue || this.#isInputEndDue;
  }

  /** Whether a zero-length packet is due after the whole input. */
  get #isInputEndDue(): boolean {
    const { isOver, failure } = this.#readAhead;
    return (
      this.#zlp === 'auto' &&
      !this.#inputEndSent &&
      isOver &&
      failure === undefined &&
      this.#lastLength % this.#packetSize === 0
    );
  }

  readonly #finish = (): Pick<Outcome, 'offset' | 'failures'> => {
    this.#watchdog?.stop();
    return { offset: this.statistics.bytesAccepted, failures: this.#failures };
  };

  readonly #onRead = (bytes: number): void => {
    const { statistics } = this;
    statistics.bytesRead += bytes;
    statistics.bytesBufferedPeak = Math.max(statistics.bytesBufferedPeak, this.#readAhead.waiting);
    if (this.#readAhead.isOver) {
      statistics.timings.undoThrottle();
    }
    this.#pump.advance();
  };

  /** Returns since when the oldest transfer has been the next to complete; undefined without one. */
  readonly #pendingSince = (): number | undefined => {
    const submittedAt = this.#queue?.oldestSubmission;
    return submittedAt === undefined ? undefined : Math.max(submittedAt, this.#completedAt);
  };

  readonly #onIdle = (): void => {
    this.#isIdle = true;
    this.#queue?.expire(performance.now());
    this.#pump.advance();
  };
}
