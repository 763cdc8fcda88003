import { createHistogram } from 'node:perf_hooks';

/** A peak is the rate of so long a time, in milliseconds. */
const WINDOW = 1000;

const NANOSECONDS = 1_000_000;

/** How soon, how evenly and how fast data came. Times are monotonic milliseconds. */
export class Pace {
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
