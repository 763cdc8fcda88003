import type { Endpoint } from '../../usb/backend.js';
import type { Source } from '../io/source.js';
import {
  type PendingOutput,
  Pump,
  type PumpOptions,
  requireRange,
  type SubmitResult,
} from '../queue/pump.js';
import type { Completion, TransferQueue } from '../queue/transfer-queue.js';
import type { Outcome } from '../session/outcome.js';
import { SendStatistics } from '../stats/statistics.js';
import { Watchdog } from '../timers.js';
import { ReadAhead } from './read-ahead.js';

/** Bytes that are read ahead of the transfers in flight by default. */
export const DEFAULT_READ_AHEAD = 4 * 1024 * 1024;

/**
 * When to send a zero-length packet after a message whose last packet is full, so that the device
 * sees its end (USB 2.0 §5.8.3): `never`; `auto`: after the whole input, as one message; `always`:
 * after each transfer, as a message of its own.
 */
export type ZeroLengthPackets = 'auto' | 'always' | 'never';

/** What to send, and how. */
export interface SendOptions extends PumpOptions {
  /** Bytes in each transfer, from 1: the last one may have fewer. */
  readonly transferSize: number;
  /** Whether to send what was read as soon as possible, instead of full transfers only. */
  readonly prompt?: boolean | undefined;
  /**
   * Bytes to read ahead of the transfers in flight, from 1; 4 MiB by default. Of tiny transfers never
   * more than 256 Ki.
   */
  readonly readAhead?: number | undefined;
  /** Bytes to send, from 1; by default the whole input. */
  readonly bytes?: number | undefined;
  /** Never by default. */
  readonly zlp?: ZeroLengthPackets | undefined;
  /** Milliseconds within which the device must take a transfer; by default there is no limit. */
  readonly idleTimeout?: number | undefined;
}

const ZERO_LENGTH = Buffer.alloc(0);

const LIMIT: Outcome = { reason: 'limit' };
const IDLE: Outcome = { reason: 'idle' };
const INPUT_ENDED: Outcome = { reason: 'input-ended' };

/**
 * Keeps transfers in flight on an OUT endpoint, with what it reads from a source.
 *
 * ```text
 *             read                   submit                   in order
 *   source ────────▶ read-ahead ────────────▶ transfer queue ──────────▶ accepted
 *                        ▲                                         │
 *                        └─────────────────────────────────────────┘
 *                                          buffers
 * ```
 *
 * The first transfer that the device does not take in full ends the run: nothing is submitted after a
 * gap, and what is queued is cancelled, newest first. How many bytes the device took up to there is
 * exact. `run` is called once.
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
  /** A piece that could not be submitted: it is the next one. */
  #next: Buffer | undefined;
  /** Whether the last piece was a message that needs a zero-length packet after it. */
  #zeroLengthDue = false;
  /** Whether the input, as one message, has had its zero-length packet. */
  #inputEndSent = false;
  /** Bytes of the last piece; 0 before the first. */
  #lastLength = 0;
  /** Whether the queue was ever full, or empty again: until then, waiting for input is no pause. */
  #filledOnce = false;
  /** Whether a transfer was not taken in full. */
  #hasGap = false;
  /** When a transfer ended last: monotonic milliseconds; 0 before the first. */
  #completedAt = 0;
  #isIdle = false;

  /** @throws RangeError for options out of their ranges */
  constructor(source: Source, options: SendOptions) {
    const { depth, transferSize, readAhead = DEFAULT_READ_AHEAD, idleTimeout } = options;
    const { bytes = Number.POSITIVE_INFINITY, prompt = false, zlp = 'never' } = options;
    requireRange('transferSize', transferSize, 1, Number.isInteger);
    requireRange('readAhead', readAhead, 1, Number.isFinite);
    requireRange('bytes', bytes, 1);
    this.statistics = new SendStatistics(depth);
    this.#pump = new Pump(
      {
        statistics: this.statistics,
        start: this.#start,
        onComplete: this.#onComplete,
        collect: this.#collect,
        outcome: this.#outcome,
        submit: this.#submit,
        flush: (): PendingOutput => 'none', // the device's bytes are all that matters
        finish: this.#finish,
      },
      options,
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

  /** Sends to an endpoint until the input ends, or something else does, and all has completed. */
  async run(endpoint: Endpoint): Promise<Outcome> {
    this.#packetSize = endpoint.maxPacketSize;
    return this.#pump.run(endpoint);
  }

  /** Ends the run: the drain begins, and `run` resolves at its end. */
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
    // The input is read on another thread while this one submits.
    if (!this.#pump.isDraining) {
      this.#readAhead.read();
    }
  };

  /** A transfer that was cancelled too late, and taken in full, leaves no gap. */
  #account({ status, requested, actualLength }: Completion): void {
    if (this.#hasGap) {
      this.statistics.bytesAfterGap += actualLength;
    } else {
      this.statistics.bytesAccepted += actualLength;
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
    const buffer = this.#next ?? this.#choose();
    if (buffer === undefined) {
      this.#filledOnce ||= queue.inFlight === 0 && this.#completedAt > 0; // the device is faster
      return this.#filledOnce && this.#readAhead.mayHaveMore ? 'throttled' : 'none';
    }
    this.#next = buffer;
    queue.submit(buffer, buffer.length, now);
    this.#next = undefined;
    this.#filledOnce ||= queue.inFlight === this.#depth;
    return 'submitted';
  };

  #choose(): Buffer | undefined {
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
    return this.#next !== undefined || this.#zeroLengthDue || this.#isInputEndDue;
  }

  /** Whether to show the device the end of the input, as one message. */
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

  readonly #finish = (): Pick<Outcome, 'offset'> => {
    this.#watchdog?.stop();
    return { offset: this.statistics.bytesAccepted };
  };

  readonly #onRead = (bytes: number): void => {
    const { statistics } = this;
    statistics.bytesRead += bytes;
    statistics.bytesBufferedPeak = Math.max(statistics.bytesBufferedPeak, this.#readAhead.waiting);
    if (bytes === 0 && this.#readAhead.isOver) {
      statistics.timings.undoThrottle();
    }
    this.#pump.advance();
  };

  /** Since when the device has been taking the oldest transfer; undefined while it has none. */
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
