import type { Endpoint } from '../../usb/backend.js';
import type { TransferStatus } from '../../usb/transfer-status.js';
import type { Source } from '../io/source.js';
import { Pump, type PumpOptions, type TransferHandler } from '../queue/pump.js';
import { ReorderQueue } from '../queue/reorder-queue.js';
import type { TransferQueue } from '../queue/transfer-queue.js';
import type { Outcome } from '../session/outcome.js';
import { SendStatistics } from '../stats/statistics.js';
import { Watchdog } from '../timers.js';
import { ReadAhead } from './read-ahead.js';

/** Bytes that are read ahead of the transfers in flight, unless told otherwise. */
export const DEFAULT_READ_AHEAD = 4 * 1024 * 1024;

/**
 * When a zero-length packet says that a message has ended, whose last packet was full (USB 2.0
 * §5.8.3): `never`; `auto`: behind the end of the input, which is one message; `always`: behind each
 * transfer, which is a message of its own.
 */
export type ZeroLengthPackets = 'auto' | 'always' | 'never';

/** What to send, and how. */
export interface SendOptions extends PumpOptions {
  /** Bytes in each transfer, from 1 on: the last one may have fewer. */
  readonly transferSize: number;
  /** Whether what has come goes at once when the pool has room, instead of full transfers alone. */
  readonly prompt?: boolean | undefined;
  /**
   * Bytes to read ahead of the transfers in flight, from 1 on; 4 MiB by default. Of tiny
   * transfers never more than 256 Ki.
   */
  readonly readAhead?: number | undefined;
  /** Bytes to send, from 1 on; by default all that the input has. */
  readonly bytes?: number | undefined;
  /** Never by default. */
  readonly zlp?: ZeroLengthPackets | undefined;
  /** Milliseconds in which the device has to take a transfer; by default it may take for ever. */
  readonly idleTimeout?: number | undefined;
}

const ZERO_LENGTH = Buffer.alloc(0);

/**
 * Keeps a pool of transfers in flight on an OUT endpoint, of what it reads from a source.
 *
 * ```text
 *             read                   submit                  complete              in order
 *   source ────────▶ read-ahead ────────────▶ transfer pool ──────────▶ reorder queue ──────▶ accepted
 *                        ▲                      (in flight)                   │
 *                        └────────────────────────────────────────────────────┘
 * ```
 *
 * The first transfer of which the device does not take all ends the run: nothing is submitted behind
 * a hole, and what is queued is cancelled, newest first. How much the device took up to there is
 * known to the byte. `run` is called once.
 */
export class Sender implements TransferHandler {
  readonly statistics: SendStatistics;
  readonly #zlp: ZeroLengthPackets;
  readonly #pump: Pump;
  readonly #readAhead: ReadAhead;
  /** Submissions, from the oldest in flight on, that there may be at once. */
  readonly #window: number;
  readonly #completed: ReorderQueue;
  readonly #alarm: Watchdog | undefined;
  #pool: TransferQueue | undefined;
  #packetSize = 1;
  /** A piece that could not be submitted: it is the next one. */
  #restored: Buffer | undefined;
  /** Whether the message ends that the last piece was, and that of the whole input has ended. */
  #zeroLengthDue = false;
  #inputEndTold = false;
  /** Bytes of the last piece; 0 before the first. */
  #lastLength = 0;
  /** Whether the pool has been full, or dry: until then it is being filled, which is no wait. */
  #filledOnce = false;
  /** The first submission of which the device did not take all. */
  #hole = Number.POSITIVE_INFINITY;
  #answeredAt = 0;
  length = 0;
  heldUp = false;

  /** @throws RangeError for options out of their ranges */
  constructor(source: Source, options: SendOptions) {
    const { depth, transferSize, readAhead = DEFAULT_READ_AHEAD, idleTimeout } = options;
    const { bytes = Number.POSITIVE_INFINITY, prompt = false, zlp = 'never' } = options;
    this.#pump = new Pump(this, options);
    if (!Number.isInteger(transferSize) || transferSize < 1) {
      throw new RangeError(`transferSize must be a whole number from 1 on, not ${transferSize}`);
    }
    if (!(readAhead >= 1 && Number.isFinite(readAhead))) {
      throw new RangeError(`readAhead must be finite, and from 1 on, not ${readAhead}`);
    }
    if (!(bytes >= 1)) {
      throw new RangeError(`bytes must be from 1 on, not ${bytes}`);
    }
    this.#zlp = zlp;
    this.statistics = new SendStatistics(depth);
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
    this.#window = 2 * depth;
    this.#completed = new ReorderQueue(this.#window);
    if (idleTimeout !== undefined) {
      this.#alarm = new Watchdog(idleTimeout, this.#waitingSince, this.#giveUp);
    }
  }

  /** Sends to an endpoint until the input, or something else, ends it, and all has completed. */
  async run(endpoint: Endpoint): Promise<Outcome> {
    this.#packetSize = endpoint.maxPacketSize;
    return this.#pump.run(endpoint, 0);
  }

  /** Ends the run: the drain begins, and `run` resolves at its end. */
  stop(end: Outcome): void {
    this.#pump.stop(end);
  }

  start(pool: TransferQueue): void {
    this.#pool = pool;
    this.#alarm?.start();
  }

  next({ newest, inFlight }: TransferQueue): Buffer | undefined {
    this.heldUp = false;
    if (newest + 1 - this.#completed.taken >= this.#window) {
      return undefined; // an old one is still in flight
    }
    const buffer = this.#choose();
    this.#filledOnce ||=
      buffer === undefined
        ? inFlight === 0 && this.#completed.taken > 0 // the device is faster
        : 2 * (inFlight + 1) === this.#window;
    this.heldUp = buffer === undefined && this.#filledOnce && this.#readAhead.mayHaveMore;
    this.length = buffer?.length ?? 0;
    return buffer;
  }

  restore(buffer: Buffer): void {
    this.#restored = buffer;
  }

  ended(
    sequence: number,
    buffer: Buffer,
    requested: number,
    status: TransferStatus,
    actualLength: number,
    now: number,
  ): void {
    this.#answeredAt = now;
    this.#completed.put(sequence, buffer, actualLength);
    // What was cancelled a moment too late is taken, and no hole.
    if (actualLength < requested || (requested === 0 && status !== 'completed')) {
      this.#hole = Math.min(this.#hole, sequence);
    } else if (requested === 0) {
      this.statistics.zeroLengthPackets += 1;
    }
    if (status !== 'completed' || actualLength < requested) {
      this.#pump.drain(endOf(status));
    }
  }

  settle(): void {
    this.#takeAnswers();
    // The input is read on another thread while this one submits.
    if (!this.#pump.isDraining) {
      this.#readAhead.read();
    }
  }

  proceed(): boolean {
    const { failure, isShort, isOver } = this.#readAhead;
    if (!this.#pump.isDraining && isOver && this.#pool?.inFlight === 0 && !this.#hasLeft) {
      this.#pump.drain(
        failure !== undefined
          ? { reason: 'input-failed', cause: failure }
          : { reason: isShort ? 'input-ended' : 'limit' },
      );
    }
    return false;
  }

  /** What the device took is all that matters; a read under way is its source's to end. */
  get busy(): boolean {
    return false;
  }

  finish(): number {
    this.#alarm?.stop();
    return this.statistics.bytesAccepted;
  }

  /** Gives back what is answered, in the order of submission, and adds up what was accepted. */
  #takeAnswers(): void {
    const { statistics } = this;
    for (;;) {
      const sequence = this.#completed.taken;
      const accepted = this.#completed.headLength;
      if (accepted === undefined) {
        return;
      }
      if (this.#completed.take() !== ZERO_LENGTH) {
        this.#readAhead.release();
      }
      if (sequence <= this.#hole) {
        statistics.bytesAccepted += accepted;
      } else {
        statistics.bytesAfterGap += accepted;
      }
    }
  }

  #choose(): Buffer | undefined {
    const restored = this.#restored;
    if (restored !== undefined) {
      this.#restored = undefined;
      return restored;
    }
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
      this.#inputEndTold = true;
      return ZERO_LENGTH;
    }
    return undefined;
  }

  /** Whether there is something to submit although the input is over. */
  get #hasLeft(): boolean {
    return this.#restored !== undefined || this.#zeroLengthDue || this.#isInputEndDue;
  }

  /** Whether the device is to be told that the input, as one message, has ended. */
  get #isInputEndDue(): boolean {
    const { isOver, failure } = this.#readAhead;
    return (
      this.#zlp === 'auto' &&
      !this.#inputEndTold &&
      isOver &&
      failure === undefined &&
      this.#lastLength % this.#packetSize === 0
    );
  }

  readonly #onRead = (bytes: number): void => {
    this.statistics.bytesRead += bytes;
    this.statistics.readAheadPeak = Math.max(
      this.statistics.readAheadPeak,
      this.#readAhead.waiting,
    );
    if (bytes === 0 && this.#readAhead.isOver) {
      this.statistics.timings.heldForNothing();
    }
    // A pipe gives little at once.
    if (this.#readAhead.hasPiece || this.#readAhead.isOver || this.#pump.isDraining) {
      this.#pump.advance();
    } else {
      this.#readAhead.read();
    }
  };

  /** Since when the device takes the oldest transfer; undefined while it has none. */
  readonly #waitingSince = (): number | undefined => {
    const submittedAt = this.#pool?.oldestSubmission;
    return submittedAt === undefined ? undefined : Math.max(submittedAt, this.#answeredAt);
  };

  readonly #giveUp = (): void => {
    this.#pool?.expire(performance.now());
    this.#pump.drain({ reason: 'idle' });
  };
}

/** What a transfer means for the run, of which the device has not taken all. */
function endOf(status: TransferStatus): Outcome {
  switch (status) {
    case 'stall':
    case 'overflow':
      return { reason: status };
    case 'no-device':
      return { reason: 'device-lost' };
    case 'timed-out':
      return { reason: 'idle' };
    case 'cancelled':
      return { reason: 'interrupted' }; // by whoever drains already
    default:
      return { reason: 'error' };
  }
}
