import type { Endpoint } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import {
  internalError,
  isClean,
  moreSevere,
  type Outcome,
  transferOutcome,
} from '../session/outcome.js';
import type { Statistics } from '../stats/statistics.js';
import { type Completion, TransferQueue } from './transfer-queue.js';

/**
 * Bytes to submit again before the event loop has turned; the rest follows then. While transfers are
 * submitted, others complete, and node-usb serves up to a thousand of them before the loop turns.
 * Without this bound nothing else would run for that long: the write buffer would fill up before
 * the news arrives that the output has taken what was written.
 */
const TURN_BYTES = 1024 * 1024;

/** How to pump. */
export interface PumpOptions {
  /** Transfers kept in flight, from 1. */
  readonly depth: number;
  /** Called once, when memory is short, with the number of transfers that can be in flight. */
  readonly onShrink?: ((depth: number) => void) | undefined;
}

/**
 * What became of a try to submit: `submitted`; `throttled`: there is more to move, but the output or
 * input lags; `none`: there is nothing to submit, now or for good.
 */
export type SubmitResult = 'submitted' | 'throttled' | 'none';

/**
 * What is left for the output: `none`; `waiting`: bytes to write at the end of this turn of the event
 * loop; `writing`: a write that is under way.
 */
export type PendingOutput = 'none' | 'waiting' | 'writing';

/** One direction of a stream: all that differs between receiving and sending. */
export interface TransferHandler {
  readonly statistics: Statistics;

  /** Begins a run. */
  start(queue: TransferQueue): void;

  /**
   * Looks at a transfer that ended, in any order; its bytes are collected later.
   *
   * @param now monotonic milliseconds
   * @returns whether the run ends with it, for the reason that its status is
   */
  onComplete(completion: Completion, now: number): boolean;

  /** Takes completions from the head of the queue, as far as there is room for them. */
  collect(queue: TransferQueue): void;

  /** Why the run ends now, apart from how a transfer ended; undefined if it continues. */
  outcome(queue: TransferQueue): Outcome | undefined;

  /**
   * Submits one transfer, if there is something to move. What could not be submitted comes next.
   *
   * @throws UsbError as `Transfer.submit`
   */
  submit(queue: TransferQueue, now: number): SubmitResult;

  /**
   * Moves the output on.
   *
   * @param turnEnds whether all that completed in this turn of the event loop is collected, so that
   *   waiting for more to write makes no sense
   */
  flush(turnEnds: boolean): PendingOutput;

  /** Ends a run; returns where it failed, if it did. */
  finish(): Pick<Outcome, 'offset' | 'hasGap' | 'hasData'>;
}

/**
 * Keeps transfers in flight on one endpoint, in either direction, until something ends the run: a
 * transfer that completed is submitted again at once, with another buffer.
 *
 * Every end is the same drain: stop submitting, cancel newest first, await every completion and the
 * output. Then `run` may be called again.
 */
export class Pump {
  readonly #handler: TransferHandler;
  readonly #options: PumpOptions;
  /** Transfers that the system has memory for. */
  #room: number;
  #endpoint: Endpoint | undefined;
  #queue: TransferQueue | undefined;
  #running = false;
  /** Whether the end of this turn of the event loop is awaited. */
  #turning = false;
  /** Bytes submitted before this turn. */
  #submittedBefore = 0;
  /** Why this run ends, once it does, and since when. */
  #end: Outcome | undefined;
  #drainingSince = 0;
  /** Why this run and all later ones end: `stop` was called. */
  #stopped: Outcome | undefined;
  #resolve: (end: Outcome) => void = () => {};

  /** @throws RangeError for a depth out of its range */
  constructor(handler: TransferHandler, options: PumpOptions) {
    requireRange('depth', options.depth, 1, Number.isInteger);
    this.#handler = handler;
    this.#options = options;
    this.#room = options.depth;
  }

  /**
   * Moves data until something ends it. The transfers are submitted when this returns, as far as
   * there is something to submit; the promise resolves when all is drained.
   */
  run(endpoint: Endpoint): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      const queue = this.#queueOf(endpoint);
      this.#end = this.#stopped;
      this.#running = true;
      const now = performance.now();
      this.#handler.statistics.timings.data.start(now);
      this.#handler.start(queue);
      this.#advance(now, true);
    });
  }

  /** Transfers in flight. */
  get inFlight(): number {
    return this.#queue?.inFlight ?? 0;
  }

  /** Whether this run ends: nothing is submitted any more. */
  get isDraining(): boolean {
    return this.#end !== undefined;
  }

  /** Ends this run, and any later one at once: the drain begins, and `run` resolves at its end. */
  stop(end: Outcome): void {
    this.#stopped ??= end;
    if (this.#running) {
      this.#drain(end);
      this.advance();
    }
  }

  /** Moves everything on after the output or input did, or when time is up. */
  advance(): void {
    this.#advance(performance.now());
  }

  /** The transfers of an endpoint are made once, however often it is run again. */
  #queueOf(endpoint: Endpoint): TransferQueue {
    if (this.#queue === undefined || this.#endpoint !== endpoint) {
      this.#endpoint = endpoint;
      this.#queue = new TransferQueue(endpoint, this.#options.depth, this.#onComplete);
    }
    return this.#queue;
  }

  /** Begins the drain of this run or, if it has begun, notes a more severe reason for it. */
  #drain(end: Outcome): void {
    if (this.#end !== undefined) {
      this.#end = moreSevere(this.#end, end);
      return;
    }
    this.#end = end;
    this.#drainingSince = performance.now();
    this.#queue?.cancelAll();
  }

  // An exception thrown from a completion would be lost in the native layer: it ends the run instead.
  readonly #onComplete = (completion: Completion): void => {
    const now = performance.now();
    const { statistics } = this.#handler;
    const { status, requested, actualLength } = completion;
    try {
      statistics.count(status, requested, actualLength);
      if (this.#handler.onComplete(completion, now)) {
        this.#drain(transferOutcome(status));
      }
      const wasCancelled = status === 'cancelled' || status === 'timed-out';
      statistics.timings.data.ended(actualLength, wasCancelled, now);
    } catch (error) {
      this.#drain(internalError(error));
    }
    this.#advance(now);
  };

  #advance(now: number, turnEnds = false): void {
    const queue = this.#queue;
    if (queue === undefined || !this.#running) {
      return;
    }
    let pending: PendingOutput = 'none';
    try {
      try {
        this.#handler.collect(queue);
        const end = this.#handler.outcome(queue);
        if (end !== undefined) {
          this.#drain(end);
        }
        this.#fill(queue, now, turnEnds ? Number.POSITIVE_INFINITY : TURN_BYTES);
      } finally {
        pending = this.#handler.flush(turnEnds); // also when the above throws
      }
    } catch (error) {
      this.#drain(internalError(error));
    }
    if (turnEnds) {
      this.#submittedBefore = queue.bytesSubmitted;
    } else if (pending === 'waiting' || this.#turnBytes(queue) >= TURN_BYTES) {
      this.#awaitTurnEnd();
    }
    if (this.#end !== undefined && queue.inFlight === 0 && pending === 'none' && this.#running) {
      this.#finish(this.#end);
    }
  }

  #turnBytes(queue: TransferQueue): number {
    return queue.bytesSubmitted - this.#submittedBefore;
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
    this.#handler.statistics.endedAt = performance.now();
    const place = this.#handler.finish();
    this.#resolve(isClean(end) ? end : { ...end, ...place, at: this.#drainingSince });
  }

  /**
   * Submits transfers while there is something to move.
   *
   * @param most bytes in this turn of the event loop
   */
  #fill(queue: TransferQueue, now: number, most: number): void {
    const { statistics } = this.#handler;
    while (this.#end === undefined && queue.inFlight < this.#room) {
      if (this.#turnBytes(queue) >= most) {
        return;
      }
      const result = this.#trySubmit(queue, now);
      if (result === 'throttled') {
        statistics.timings.throttle(queue.inFlight, now);
        return;
      }
      if (result === 'none') {
        break;
      }
      statistics.startedAt ||= now;
      statistics.submissions += 1;
      statistics.timings.submitted(now);
    }
    statistics.timings.full(now);
  }

  #trySubmit(queue: TransferQueue, now: number): SubmitResult {
    try {
      return this.#handler.submit(queue, now);
    } catch (error) {
      this.#refused(queue, error);
      return 'none';
    }
  }

  /** Without memory for all transfers, those in flight have to do. */
  #refused(queue: TransferQueue, error: unknown): void {
    const { inFlight } = queue;
    if (!(error instanceof UsbError)) {
      this.#drain(internalError(error));
    } else if (error.code === 'no-memory' && inFlight > 0) {
      if (this.#room === this.#options.depth) {
        this.#options.onShrink?.(inFlight);
      }
      this.#room = inFlight;
      this.#handler.statistics.timings.limit(inFlight);
    } else {
      this.#drain(
        error.code === 'no-device'
          ? { reason: 'device-lost' }
          : { reason: 'submit-failed', cause: error },
      );
    }
  }
}

/**
 * Checks an option.
 *
 * @param isKind what else must be true of the value
 * @throws RangeError for a value that is less than `least`, NaN, or not of its kind
 */
export function requireRange(
  name: string,
  value: number,
  least: number,
  isKind: (value: number) => boolean = () => true,
): void {
  if (!(value >= least && isKind(value))) {
    const kind = isKind === Number.isInteger ? 'an integer' : 'a number';
    throw new RangeError(`${name} must be ${kind} of at least ${least}, not ${value}`);
  }
}
