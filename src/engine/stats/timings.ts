import { createHistogram } from 'node:perf_hooks';
import type { TransferStatus } from '../../usb/transfer-status.js';
import { LateService } from './late-service.js';

/**
 * How well the data flowed: when it came, and how well the pool was kept full. The pool is dry while
 * nothing is in flight although there is more to move: the device has to wait then, or loses
 * data. Times are monotonic milliseconds.
 */
export class QueueTimings {
  readonly data = new DataTimings();
  /**
   * The pool was not filled up, as the other end lagged: all the buffers waited for the output, or
   * the input had nothing to send.
   */
  readonly throttled = new Stopwatch();
  /** The pool was dry, as the other end lagged. */
  readonly starved = new Stopwatch();
  /** The pool was dry, as this process came too late to submit its transfers again. */
  readonly dryByHost: LateService;
  /**
   * The fewest transfers in flight while there was more to move, as far as buffers and memory
   * allowed no more.
   */
  leastInFlight: number;

  #submittedAt = 0;

  /**
   * @param depth transfers in a full pool
   * @param wireRate the most bytes that the bus can carry in a second; Infinity if unknown
   */
  constructor(depth: number, wireRate: number) {
    this.leastInFlight = depth;
    this.dryByHost = new LateService(this.data, wireRate);
  }

  /** How long the pool was dry until now: milliseconds. */
  dryMillisecondsAt(now: number): number {
    return this.starved.millisecondsAt(now) + this.dryByHost.milliseconds;
  }

  /** The pool is about to be filled, for the first time or again. */
  start(now: number): void {
    this.data.start(now);
    this.dryByHost.excuse(now);
  }

  /**
   * A transfer ended.
   *
   * @param inFlight how many others are in flight
   * @param newest the number of the last submission
   */
  ended(
    sequence: number,
    status: TransferStatus,
    bytes: number,
    inFlight: number,
    newest: number,
    now: number,
  ): void {
    this.data.ended(bytes, status === 'cancelled' || status === 'timed-out', now);
    if (status === 'completed') {
      this.dryByHost.completed(sequence, bytes, inFlight, newest, now);
    } else {
      this.dryByHost.excuse(now);
    }
  }

  /** There is no buffer for another transfer, or nothing in one. */
  hold(inFlight: number, now: number): void {
    this.throttled.start(now);
    if (inFlight === 0) {
      this.starved.start(now);
    }
    this.limit(inFlight);
    this.dryByHost.excuse(now);
  }

  /** There was nothing more to wait for since the last submission. */
  heldForNothing(): void {
    this.throttled.endedAt(this.#submittedAt);
    this.starved.endedAt(this.#submittedAt);
  }

  /** There is not the memory for more transfers in flight. */
  limit(inFlight: number): void {
    this.leastInFlight = Math.min(this.leastInFlight, inFlight);
  }

  /** A transfer was submitted. */
  submitted(now: number): void {
    this.#submittedAt = now;
    this.#wet(now);
  }

  /** The pool has all the transfers in flight that it is to have. */
  full(now: number): void {
    if (this.throttled.running) {
      this.throttled.stop(now);
      this.#wet(now);
    }
  }

  #wet(now: number): void {
    if (this.starved.running) {
      this.starved.stop(now);
      this.dryByHost.excuse(now);
    }
  }
}

/** A peak is the rate of so long a time, in milliseconds. */
const WINDOW = 1000;

const NANOSECONDS = 1_000_000;

/** How soon, how evenly and how fast data came. Times are monotonic milliseconds. */
export class DataTimings {
  /** From the first submission to the first byte: milliseconds; undefined before it. */
  firstByte: number | undefined;
  /** Between completions as they were served: nanoseconds. */
  readonly #intervals = createHistogram();
  #startedAt = Number.NaN;
  #lastAt = 0;
  #windowSince = 0;
  #windowBytes = 0;
  #peak = 0;

  /** The pool is about to be filled, for the first time or again. */
  start(now: number): void {
    if (Number.isNaN(this.#startedAt)) {
      this.#startedAt = now;
      this.#windowSince = now;
    }
    this.#lastAt = now;
  }

  /**
   * A transfer ended, with so many bytes.
   *
   * @param asked whether it was cancelled, which says nothing of the device's pace
   */
  ended(bytes: number, asked: boolean, now: number): void {
    if (!asked) {
      const interval = Math.round((now - this.#lastAt) * NANOSECONDS);
      this.#intervals.record(Math.min(Math.max(1, interval), Number.MAX_SAFE_INTEGER));
    }
    this.#lastAt = now;
    if (bytes > 0) {
      this.firstByte ??= now - this.#startedAt;
    }
    this.#windowBytes += bytes;
    const elapsed = now - this.#windowSince;
    if (elapsed >= WINDOW) {
      this.#peak = Math.max(this.#peak, (this.#windowBytes / elapsed) * 1000);
      this.#windowSince = now;
      this.#windowBytes = 0;
    }
  }

  /**
   * The highest rate at which bytes came in about a second: bytes per second; 0 for less than one.
   */
  get peakBytesPerSecond(): number {
    return this.#peak;
  }

  /** The interval that so many percent of all do not exceed: milliseconds; 0 without any. */
  intervalPercentile(percent: number): number {
    const { count } = this.#intervals;
    return count > 0 ? this.#intervals.percentile(percent) / NANOSECONDS : 0;
  }

  /** The longest interval: milliseconds; 0 without any. */
  get longestInterval(): number {
    const { count, max } = this.#intervals;
    return count > 0 ? max / NANOSECONDS : 0;
  }

  /** Intervals so far. */
  get intervals(): number {
    return this.#intervals.count;
  }

  /** The mean interval: milliseconds; NaN without any. */
  get meanInterval(): number {
    return (this.#lastAt - this.#startedAt) / this.#intervals.count;
  }
}

/** How long something was the case in all, and how often. Times are monotonic milliseconds. */
export class Stopwatch {
  /** Milliseconds, of what is over. */
  milliseconds = 0;
  /** How often it began. */
  count = 0;
  #since: number | undefined;

  /** Whether it is the case. */
  get running(): boolean {
    return this.#since !== undefined;
  }

  /** Milliseconds until now, of what is over and of what lasts. */
  millisecondsAt(now: number): number {
    return this.milliseconds + (this.#since === undefined ? 0 : now - this.#since);
  }

  /** It begins; nothing new while it lasts. */
  start(now: number): void {
    if (this.#since === undefined) {
      this.#since = now;
      this.count += 1;
    }
  }

  /** It was over at an earlier moment; if it has begun since then, it never was the case. */
  endedAt(then: number): void {
    if (this.#since !== undefined && then <= this.#since) {
      this.#since = undefined;
      this.count -= 1;
    }
    this.stop(then);
  }

  /** It is over; nothing new unless it was the case. */
  stop(now: number): void {
    if (this.#since !== undefined) {
      this.milliseconds += now - this.#since;
      this.#since = undefined;
    }
  }
}
