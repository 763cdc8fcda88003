import type { Endpoint } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { requireRange } from '../checks.js';
import {
  internalError,
  isClean,
  moreSevere,
  type Outcome,
  transferOutcome,
} from '../session/outcome.js';
import type { Statistics } from '../stats/statistics.js';
import type { TransferObserver } from './observer.js';
import { type Completion, TransferQueue } from './transfer-queue.js';

/**
 * The bytes to submit in one turn of the event loop; the rest follows in the next turn. While
 * transfers are submitted, others complete, and node-usb reports up to a thousand completions in one
 * turn. Without this limit, nothing else would run in that time: the write buffer would fill up before
 * the end of a write is reported.
 */
const TURN_BYTES = 1024 * 1024;

/**
 * Milliseconds without a completion after which the bytes of the next one are written before the transfer is
 * submitted again: after a pause they are probably a message, and submitting takes as long as writing.
 */
const PAUSE = 0.5;

/** The options of a pump. */
export interface PumpOptions {
  /** Transfers kept in flight, from 1. */
  readonly depth: number;
  /** Called once, if memory is short, with the number of transfers that can be in flight. */
  readonly onShrink?: ((depth: number) => void) | undefined;
}

/**
 * The result of an attempt to submit: `submitted`; `throttled`: there is more to move, but the output
 * or input lags; `none`: there is nothing to submit, for now or until the end.
 */
export type SubmitResult = 'submitted' | 'throttled' | 'none';

/**
 * What remains to be written: `none`; `waiting`: bytes to write at the end of this turn of the event
 * loop; `writing`: a write is in progress.
 */
export type PendingOutput = 'none' | 'waiting' | 'writing';

/** One direction of a stream: everything in which receiving and sending differ. */
export interface TransferHandler {
  readonly statistics: Statistics;

  /** Starts a run. */
  start(queue: TransferQueue): void;

  /**
   * Called for each completion, in any order. Its bytes are collected later.
   *
   * @param now monotonic milliseconds
   * @returns whether the run ends with this completion, for the reason in its status
   */
  onComplete(completion: Completion, now: number): boolean;

  /** Removes completions from the head of the queue while there is room for their bytes. */
  collect(queue: TransferQueue): void;

  /** Returns the outcome if the run ends now, but not by a completion; otherwise undefined. */
  outcome(queue: TransferQueue): Outcome | undefined;

  /**
   * Submits one transfer, if there is something to move. After an error, the next call submits the
   * same buffer.
   *
   * @throws UsbError as `Transfer.submit`
   */
  submit(queue: TransferQueue, now: number): SubmitResult;

  /**
   * Writes waiting bytes to the output.
   *
   * @param turnEnds whether this turn of the event loop ends: no more bytes will arrive in it to be
   *   written together
   */
  flush(turnEnds: boolean): PendingOutput;

  /** Ends a run. Returns where it failed; the result is ignored if it did not. */
  finish(): Pick<Outcome, 'offset' | 'failures' | 'isHalted'>;
}

/**
 * Keeps transfers in flight on one endpoint, in either direction, until something ends the run: each
 * completed transfer is submitted again at once, with another buffer.
 *
 * Every run ends with the same drain: stop submitting, cancel newest first, await every completion and
 * the output. Then `run` may be called again.
 */
export class Pump {
  readonly #handler: TransferHandler;
  readonly #options: PumpOptions;
  readonly #observer: TransferObserver | undefined;
  /** The depth, reduced to what the system has memory for. */
  #maxInFlight: number;
  #queue: TransferQueue | undefined;
  #running = false;
  /** Whether `#onTurnEnd` is scheduled. */
  #turnEndScheduled = false;
  /** The time of the last completion of this run, or of its start, in monotonic milliseconds. */
  #completedAt = 0;
  /** Bytes submitted before this turn. */
  #submittedBefore = 0;
  /** The outcome of this run and the start of its drain, once something ends the run. */
  #end: Outcome | undefined;
  #drainingSince = 0;
  /** Transfers cancelled before this drain. */
  #cancelledBefore = 0;
  /** The outcome passed to `stop`, which ends this run and all later ones. */
  #stopped: Outcome | undefined;
  #resolve: (end: Outcome) => void = () => {};

  /** @throws RangeError for a depth out of range */
  constructor(handler: TransferHandler, options: PumpOptions, observer?: TransferObserver) {
    requireRange('depth', options.depth, 1, Number.isInteger);
    this.#handler = handler;
    this.#observer = observer;
    this.#options = options;
    this.#maxInFlight = options.depth;
  }

  /** Moves data until something ends the run. Submits before it returns; resolves after the drain. */
  run(endpoint: Endpoint): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      const queue = this.#queueOf(endpoint);
      const { statistics } = this.#handler;
      this.#end = undefined;
      this.#running = true;
      const now = performance.now();
      this.#completedAt = now;
      statistics.timings.data.start(now);
      this.#handler.start(queue);
      if (this.#stopped !== undefined) {
        this.#drain(this.#stopped);
      }
      this.#advance(now, true);
    });
  }

  /** Transfers in flight. */
  get inFlight(): number {
    return this.#queue?.inFlight ?? 0;
  }

  /** Whether this run is ending: nothing more is submitted. */
  get isDraining(): boolean {
    return this.#end !== undefined;
  }

  /** Ends this run and any later one: starts the drain, after which `run` resolves. */
  stop(end: Outcome): void {
    this.#stopped ??= end;
    this.#drain(end);
    this.advance();
  }

  /** Ends this run: starts the drain. `run` may be called again. */
  end(end: Outcome): void {
    this.#drain(end);
    this.advance();
  }

  /** Continues after progress of the output or input, or after a timeout. */
  advance(): void {
    this.#advance(performance.now());
  }

  /** Returns the queue of an endpoint. Consecutive runs on one endpoint share it. */
  #queueOf(endpoint: Endpoint): TransferQueue {
    if (this.#queue?.endpoint !== endpoint) {
      this.#queue = new TransferQueue(
        endpoint,
        this.#options.depth,
        this.#onComplete,
        this.#observer,
        this.#handler.statistics.submissions,
        () => this.advance(),
      );
    }
    return this.#queue;
  }

  /** Starts the drain of this run or, if it has started, records a more severe outcome. */
  #drain(end: Outcome): void {
    if (this.#end !== undefined) {
      this.#end = moreSevere(this.#end, end);
      return;
    }
    this.#end = end;
    this.#drainingSince = performance.now();
    this.#cancelledBefore = this.#handler.statistics.statuses.cancelled;
    this.#queue?.cancelAll();
  }

  // The native layer would lose an exception thrown from a completion, so it ends the run instead.
  readonly #onComplete = (completion: Completion): void => {
    const now = performance.now();
    const { statistics } = this.#handler;
    const { status, requested, actualLength } = completion;
    const writesFirst = now - this.#completedAt > PAUSE;
    this.#completedAt = now;
    try {
      if (this.#observer !== undefined) {
        this.#queue?.observe();
      }
      statistics.count(status, requested, actualLength);
      if (this.#handler.onComplete(completion, now)) {
        this.#drain(transferOutcome(status));
      }
      const wasCancelled = status === 'cancelled' || status === 'timed-out';
      statistics.timings.data.ended(actualLength, wasCancelled, now);
    } catch (error) {
      this.#drain(internalError(error));
    }
    this.#advance(now, false, writesFirst);
  };

  /**
   * @param turnEnds whether this turn of the event loop ends
   * @param writesFirst whether to write what there is before submitting
   */
  #advance(now: number, turnEnds = false, writesFirst = false): void {
    const queue = this.#running ? this.#queue : undefined;
    if (queue === undefined) {
      return;
    }
    let pending: PendingOutput = 'none';
    try {
      try {
        this.#handler.collect(queue);
        let submittedAt = now;
        if (writesFirst) {
          this.#handler.flush(true);
          if (!this.#running) {
            return; // the write failed, or was the last, with nothing in flight
          }
          submittedAt = performance.now();
        }
        const end = this.#handler.outcome(queue);
        if (end !== undefined) {
          this.#drain(end);
        }
        this.#fill(queue, submittedAt, turnEnds ? Number.POSITIVE_INFINITY : TURN_BYTES);
      } finally {
        pending = this.#handler.flush(turnEnds); // also after an exception
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
    if (!this.#turnEndScheduled) {
      this.#turnEndScheduled = true;
      setImmediate(this.#onTurnEnd);
    }
  }

  readonly #onTurnEnd = (): void => {
    this.#turnEndScheduled = false;
    this.#advance(performance.now(), true);
  };

  #finish(end: Outcome): void {
    this.#running = false;
    const { statistics } = this.#handler;
    statistics.endedAt = performance.now();
    statistics.pendingAtEnd = statistics.statuses.cancelled - this.#cancelledBefore;
    const place = this.#handler.finish();
    this.#resolve(isClean(end) ? end : { ...end, ...place, at: this.#drainingSince });
  }

  /**
   * Submits transfers while there is something to move.
   *
   * @param max the bytes that may be submitted in this turn of the event loop
   */
  #fill(queue: TransferQueue, now: number, max: number): void {
    const { statistics } = this.#handler;
    while (this.#end === undefined && queue.inFlight < this.#maxInFlight) {
      if (this.#turnBytes(queue) >= max) {
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
      this.#onSubmitError(queue, error);
      return 'none';
    }
  }

  /** Handles a failed submission. Without memory for all transfers, continues with those in flight. */
  #onSubmitError(queue: TransferQueue, error: unknown): void {
    const { inFlight } = queue;
    if (!(error instanceof UsbError)) {
      this.#drain(internalError(error));
    } else if (error.code === 'no-memory' && inFlight > 0) {
      if (this.#maxInFlight === this.#options.depth) {
        this.#options.onShrink?.(inFlight);
      }
      this.#maxInFlight = inFlight;
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
