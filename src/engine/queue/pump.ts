import type { Endpoint } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import type { TransferStatus } from '../../usb/transfer-status.js';
import { internalError, isClean, moreSevere, type Outcome } from '../session/outcome.js';
import type { Statistics } from '../stats/statistics.js';
import { TransferQueue } from './transfer-queue.js';

/**
 * Bytes to submit again before the event loop has turned; the rest goes then. While transfers are
 * submitted, others complete, and node-usb serves up to a thousand of them before the loop turns:
 * so long nobody would hear that the other end has read or written, and the backlog would grow.
 */
const TURN_BYTES = 1024 * 1024;

/** How to pump. */
export interface PumpOptions {
  /** Transfers kept in flight, from 1 on. */
  readonly depth: number;
  /** Told once, when the system has no memory for the whole pool, how many transfers are left. */
  readonly onShrink?: ((depth: number) => void) | undefined;
}

/** What is pumped: all that differs between receiving and sending. */
export interface TransferHandler {
  readonly statistics: Statistics;

  /** A run begins. It may drain the pump at once, where there is nothing to do. */
  start(pool: TransferQueue): void;

  /** The buffer of the next submission; undefined when there is none, now or for good. */
  next(pool: TransferQueue): Buffer | undefined;

  /** Bytes of that buffer to move. */
  readonly length: number;

  /** Whether there was none although there is more to move: the other end lags. */
  readonly heldUp: boolean;

  /** The buffer that `next` gave last could not be submitted. */
  restore(buffer: Buffer): void;

  /** A submission ended; its buffer is the cargo's again. The statistics have counted it. */
  ended(
    sequence: number,
    buffer: Buffer,
    requested: number,
    status: TransferStatus,
    actualLength: number,
    now: number,
  ): void;

  /** Moves on what ended, before the pool is filled again. */
  settle(): void;

  /**
   * Moves the other end on, after the pool was filled.
   *
   * @param turnEnds whether all that has completed in this turn of the event loop is served: what
   *   could wait for more of it need not wait any longer
   * @returns whether something waits for that
   */
  proceed(turnEnds: boolean): boolean;

  /** Whether something is left to do for the other end when nothing is in flight any more. */
  readonly busy: boolean;

  /** A run is over; returns the bytes before the place where it failed, if it did. */
  finish(): number;
}

/**
 * Keeps a pool of transfers in flight on one endpoint, in either direction, until something ends it:
 * a transfer that completed is submitted again at once, with another buffer.
 *
 * Every end is the same drain: stop submitting, cancel newest first, await every completion, and the
 * other end. Then `run` may be called again.
 */
export class Pump {
  readonly #cargo: TransferHandler;
  readonly #options: PumpOptions;
  /** Transfers that the system has memory for. */
  #room = Number.POSITIVE_INFINITY;
  #endpoint: Endpoint | undefined;
  #pool: TransferQueue | undefined;
  #running = false;
  /** Whether the end of a turn of the event loop is awaited, and the bytes submitted since the last. */
  #turning = false;
  #turnBytes = 0;
  /** Why this run ends, once it does, and since when. */
  #end: Outcome | undefined;
  #drainingSince = 0;
  /** An end that no later run gets over: from outside, or because the other end failed. */
  #stopped: Outcome | undefined;
  #resolve: (end: Outcome) => void = () => {};

  /** @throws RangeError for a depth out of its range */
  constructor(cargo: TransferHandler, options: PumpOptions) {
    const { depth } = options;
    if (!Number.isInteger(depth) || depth < 1) {
      throw new RangeError(`depth must be a whole number from 1 on, not ${depth}`);
    }
    this.#cargo = cargo;
    this.#options = options;
  }

  /**
   * Moves data until something ends it. The pool is submitted when this returns, as far as there is
   * something to submit; the promise resolves when all is drained.
   *
   * @param firstSequence the number of the first submission of an endpoint that is new to the pump
   */
  run(endpoint: Endpoint, firstSequence: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const { statistics } = this.#cargo;
      this.#resolve = resolve;
      const pool = this.#usePool(endpoint, firstSequence);
      this.#end = this.#stopped;
      this.#running = true;
      const now = performance.now();
      statistics.timings.data.start(now);
      this.#cargo.start(pool);
      this.#advance(now, true);
    });
  }

  /** Whether this run is at its end: nothing is submitted any more. */
  get isDraining(): boolean {
    return this.#end !== undefined;
  }

  /** Ends this run, and any later one at once: the drain begins, and `run` resolves at its end. */
  stop(end: Outcome): void {
    this.#stopped ??= end;
    if (this.#running) {
      this.drain(end);
      this.advance();
    }
  }

  /** Begins the drain of this run, or, when it has begun, notes a graver reason for it. */
  drain(end: Outcome): void {
    if (this.#end !== undefined) {
      this.#end = moreSevere(this.#end, end);
      return;
    }
    this.#end = end;
    this.#drainingSince = performance.now();
    this.#pool?.cancelAll();
  }

  /** Goes on, as the other end has. */
  advance(): void {
    this.#advance(performance.now());
  }

  /** The transfers of an endpoint are made once, however often it is run again. */
  #usePool(endpoint: Endpoint, firstSequence: number): TransferQueue {
    if (this.#pool === undefined || this.#endpoint !== endpoint) {
      const { depth } = this.#options;
      this.#endpoint = endpoint;
      this.#pool = new TransferQueue(endpoint, depth, firstSequence, this.#onComplete);
    }
    return this.#pool;
  }

  // A throw out of a completion would vanish in the native layer: it ends the run instead.
  readonly #onComplete = (
    sequence: number,
    buffer: Buffer,
    requested: number,
    status: TransferStatus,
    actualLength: number,
  ): void => {
    const now = performance.now();
    const { statistics } = this.#cargo;
    try {
      statistics.count(status, requested, actualLength);
      this.#cargo.ended(sequence, buffer, requested, status, actualLength, now);
      statistics.timings.data.ended(actualLength, isCancelled(status), now);
    } catch (error) {
      this.drain(internalError(error));
    }
    this.#advance(now);
  };

  /** Moves everything on as far as it goes now. */
  #advance(now: number, turnEnds = false): void {
    const pool = this.#pool;
    if (pool === undefined || !this.#running) {
      return;
    }
    try {
      this.#cargo.settle();
      this.#fill(pool, now, turnEnds ? Number.POSITIVE_INFINITY : TURN_BYTES);
    } catch (error) {
      this.drain(internalError(error));
    }
    let waits = true;
    try {
      waits = this.#cargo.proceed(turnEnds); // also when the above failed: what has come is moved on
    } catch (error) {
      this.drain(internalError(error));
    }
    if (turnEnds) {
      this.#turnBytes = 0;
    } else if (waits || this.#turnBytes >= TURN_BYTES) {
      this.#awaitTurnEnd();
    }
    const drained = pool.inFlight === 0 && !this.#cargo.busy;
    if (this.#end !== undefined && drained && this.#running) {
      this.#finish(this.#end);
    }
  }

  #awaitTurnEnd(): void {
    if (!this.#turning) {
      this.#turning = true;
      setImmediate(this.#onTurnEnd);
    }
  }

  readonly #onTurnEnd = (): void => {
    this.#turning = false;
    this.#advance(performance.now(), true);
  };

  #finish(end: Outcome): void {
    this.#running = false;
    this.#cargo.statistics.endedAt = performance.now();
    const offset = this.#cargo.finish();
    this.#resolve(isClean(end) ? end : { ...end, offset, at: this.#drainingSince });
  }

  /**
   * Submits idle transfers while there is something to move.
   *
   * @param most bytes in this turn of the event loop
   */
  #fill(pool: TransferQueue, now: number, most: number): void {
    const { timings } = this.#cargo.statistics;
    while (this.#end === undefined && pool.hasIdle && pool.inFlight < this.#room) {
      if (this.#turnBytes >= most) {
        return;
      }
      const buffer = this.#cargo.next(pool);
      if (buffer === undefined) {
        if (this.#cargo.heldUp) {
          timings.hold(pool.inFlight, now);
          return;
        }
        break;
      }
      const { length } = this.#cargo;
      this.#turnBytes += length;
      try {
        pool.submit(buffer, length, now);
        this.#cargo.statistics.startedAt ||= now;
        this.#cargo.statistics.submissions += 1;
      } catch (error) {
        this.#cargo.restore(buffer);
        this.#refused(pool, error);
      }
      timings.submitted(now);
    }
    timings.full(now);
  }

  /** Without memory for all transfers, those that are in flight have to do. */
  #refused(pool: TransferQueue, error: unknown): void {
    if (error instanceof UsbError && error.code === 'no-memory' && pool.inFlight > 0) {
      if (this.#room === Number.POSITIVE_INFINITY) {
        this.#options.onShrink?.(pool.inFlight);
      }
      this.#room = pool.inFlight;
      this.#cargo.statistics.timings.limit(this.#room);
    } else {
      this.drain(submitFailed(error));
    }
  }
}

function isCancelled(status: TransferStatus): boolean {
  return status === 'cancelled' || status === 'timed-out';
}

function submitFailed(error: unknown): Outcome {
  if (!(error instanceof UsbError)) {
    return internalError(error);
  }
  return error.code === 'no-device'
    ? { reason: 'device-lost' }
    : { reason: 'submit-failed', cause: error };
}
