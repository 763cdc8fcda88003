import { createHistogram } from 'node:perf_hooks';

/** How well the data flowed: when it moved, and how well the transfer queue was kept full. */
export class QueueTimings {
  readonly data = new DataTimings();
  /** Submission paused: every buffer waited for the output, or the input had nothing to send. */
  readonly throttled = new Stopwatch();
  /** Nothing was in flight while submission paused. The device has to wait then, or loses data. */
  readonly starved = new Stopwatch();
  /** The fewest transfers in flight while buffers or memory allowed no more. */
  minInFlight: number;

  #submittedAt = 0;

  /** @param depth transfers in a full queue */
  constructor(depth: number) {
    this.minInFlight = depth;
  }

  /** Notes that there is no buffer for another transfer, or nothing to send in one. */
  throttle(inFlight: number, now: number): void {
    this.throttled.start(now);
    if (inFlight === 0) {
      this.starved.start(now);
    }
    this.limit(inFlight);
  }

  /** Notes that the input is at its end: since the last submission there was nothing to wait for. */
  undoThrottle(): void {
    this.throttled.endedAt(this.#submittedAt);
    this.starved.endedAt(this.#submittedAt);
  }

  /** Notes that no more than these transfers can be in flight. */
  limit(inFlight: number): void {
    this.minInFlight = Math.min(this.minInFlight, inFlight);
  }

  /** Notes a submission. */
  submitted(now: number): void {
    this.#submittedAt = now;
    this.starved.stop(now);
  }

  /** Notes that the queue has all the transfers in flight that it should have. */
  full(now: number): void {
    this.throttled.stop(now);
    this.starved.stop(now);
  }
}

/** Milliseconds over which a peak rate is measured. */
const WINDOW = 1000;

const NANOSECONDS = 1_000_000;

/** How soon, how evenly and how fast data moved. Times are monotonic milliseconds. */
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

  /** Notes that the transfer queue is about to be filled, for the first time or again. */
  start(now: number): void {
    if (Number.isNaN(this.#startedAt)) {
      this.#startedAt = now;
      this.#windowSince = now;
    }
    this.#lastAt = now;
  }

  /**
   * Notes that a transfer ended.
   *
   * @param bytes bytes moved
   * @param wasCancelled whether usbxfer ended it, which says nothing about the device's pace
   */
  ended(bytes: number, wasCancelled: boolean, now: number): void {
    if (!wasCancelled) {
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

  /** The highest rate over about a second: bytes per second; 0 for a shorter time. */
  get peakBytesPerSecond(): number {
    return this.#peak;
  }

  /** The interval that this percentage of all do not exceed: milliseconds; 0 without any. */
  intervalPercentile(percent: number): number {
    const { count } = this.#intervals;
    return count > 0 ? this.#intervals.percentile(percent) / NANOSECONDS : 0;
  }

  /** The longest interval: milliseconds; 0 without any. */
  get longestInterval(): number {
    const { count, max } = this.#intervals;
    return count > 0 ? max / NANOSECONDS : 0;
  }
}

/** How long a condition lasted in all, and how often. Times are monotonic milliseconds. */
export class Stopwatch {
  /** Milliseconds, without a current period. */
  milliseconds = 0;
  /** How often it began. */
  count = 0;
  #since: number | undefined;

  /** Whether it lasts now. */
  get running(): boolean {
    return this.#since !== undefined;
  }

  /** Milliseconds until now, with a current period. */
  millisecondsAt(now: number): number {
    return this.milliseconds + (this.#since === undefined ? 0 : now - this.#since);
  }

  /** Notes that it begins, unless it lasts already. */
  start(now: number): void {
    if (this.#since === undefined) {
      this.#since = now;
      this.count += 1;
    }
  }

  /** Notes that it ended at an earlier moment; if it began after that, it does not count. */
  endedAt(then: number): void {
    if (this.#since !== undefined && then <= this.#since) {
      this.#since = undefined;
      this.count -= 1;
    }
    this.stop(then);
  }

  /** Notes that it ends, if it lasts. */
  stop(now: number): void {
    if (this.#since !== undefined) {
      this.milliseconds += now - this.#since;
      this.#since = undefined;
    }
  }
}
