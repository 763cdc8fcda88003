import { createHistogram } from 'node:perf_hooks';

/** How well the data flowed: when it moved, and how well the transfer queue was kept full. */
export class QueueTimings {
  readonly data = new DataTimings();
  /** Submission was paused: every buffer waited for the output, or the input had nothing to send. */
  readonly throttled = new Stopwatch();
  /** Nothing was in flight while submission was paused. The device then had to wait, or lost data. */
  readonly starved = new Stopwatch();
  /** The minimum number of transfers in flight while buffers or memory allowed no more. */
  minInFlight: number;

  #submittedAt = 0;

  /** @param depth transfers in a full queue */
  constructor(depth: number) {
    this.minInFlight = depth;
  }

  /** Records that there is no buffer for another transfer, or nothing to send in one. */
  throttle(inFlight: number, now: number): void {
    this.throttled.start(now);
    if (inFlight === 0) {
      this.starved.start(now);
    }
    this.limit(inFlight);
  }

  /** Ends throttling as of the last submission: the input had ended, so nothing was waited for. */
  undoThrottle(): void {
    this.throttled.endedAt(this.#submittedAt);
    this.starved.endedAt(this.#submittedAt);
  }

  /** Records that no more than these transfers can be in flight. */
  limit(inFlight: number): void {
    this.minInFlight = Math.min(this.minInFlight, inFlight);
  }

  /** Records a submission. */
  submitted(now: number): void {
    this.#submittedAt = now;
    this.starved.stop(now);
  }

  /** Records that the queue has all the transfers in flight that it should have. */
  full(now: number): void {
    this.throttled.stop(now);
    this.starved.stop(now);
  }
}

/** The time over which a peak rate is measured, in milliseconds. */
const WINDOW = 1000;

const NANOSECONDS = 1_000_000;

/** How soon, how evenly and how fast data moved. Times are monotonic milliseconds. */
export class DataTimings {
  /** Milliseconds from the first submission to the first byte; undefined before that byte. */
  firstByte: number | undefined;
  /** The times between completions, in nanoseconds. */
  readonly #intervals = createHistogram();
  #startedAt = Number.NaN;
  #lastAt = 0;
  #windowSince = 0;
  #windowBytes = 0;
  #peak = 0;

  /** Records that the transfer queue is about to be filled, for the first time or again. */
  start(now: number): void {
    if (Number.isNaN(this.#startedAt)) {
      this.#startedAt = now;
      this.#windowSince = now;
    }
    this.#lastAt = now;
  }

  /**
   * Records a completion.
   *
   * @param bytes bytes moved
   * @param wasCancelled whether usbxfer cancelled it: its time then says nothing about the device
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

  /** The peak rate over about a second, in bytes per second; 0 during the first second. */
  get peakBytesPerSecond(): number {
    return this.#peak;
  }

  /** Returns a percentile of the intervals between completions, in milliseconds; 0 without any. */
  intervalPercentile(percent: number): number {
    const { count } = this.#intervals;
    return count > 0 ? this.#intervals.percentile(percent) / NANOSECONDS : 0;
  }

  /** The longest interval between completions, in milliseconds; 0 without any. */
  get longestInterval(): number {
    const { count, max } = this.#intervals;
    return count > 0 ? max / NANOSECONDS : 0;
  }
}

/** Measures how long and how often a condition lasted. Times are monotonic milliseconds. */
export class Stopwatch {
  /** The total of all periods that have ended, in milliseconds. */
  milliseconds = 0;
  /** The number of periods. */
  count = 0;
  #since: number | undefined;

  /** Whether a period is in progress. */
  get running(): boolean {
    return this.#since !== undefined;
  }

  /** Returns the total until now in milliseconds, including a period in progress. */
  millisecondsAt(now: number): number {
    return this.milliseconds + (this.#since === undefined ? 0 : now - this.#since);
  }

  /** Begins a period, unless one is in progress. */
  start(now: number): void {
    if (this.#since === undefined) {
      this.#since = now;
      this.count += 1;
    }
  }

  /** Ends the period at an earlier time. A period that began after that time does not count. */
  endedAt(then: number): void {
    if (this.#since !== undefined && then <= this.#since) {
      this.#since = undefined;
      this.count -= 1;
    }
    this.stop(then);
  }

  /** Ends the period, if one is in progress. */
  stop(now: number): void {
    if (this.#since !== undefined) {
      this.milliseconds += now - this.#since;
      this.#since = undefined;
    }
  }
}
