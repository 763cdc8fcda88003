/**
 * Computes how many bytes the bus has had time to carry. Time counts only while a transfer waits, so
 * an idle bus does not catch up later, and a late timer costs no throughput.
 */
export class RateLimiter {
  readonly #bytesPerMillisecond: number;
  #running = false;
  #lastTime = 0;
  #earned = 0;

  /** @param rate bytes per second */
  constructor(rate: number) {
    this.#bytesPerMillisecond = rate / 1000;
  }

  /**
   * Returns the bytes that may move now, earned since the first call after a `stop`.
   *
   * @param now monotonic milliseconds
   */
  allowance(now: number): number {
    if (this.#running) {
      this.#earned += (now - this.#lastTime) * this.#bytesPerMillisecond;
    }
    this.#running = true;
    this.#lastTime = now;
    return this.#earned;
  }

  /** Subtracts bytes that moved from the allowance. */
  spend(bytes: number): void {
    this.#earned -= bytes;
  }

  /** Marks the bus as idle and discards the allowance. */
  stop(): void {
    this.#running = false;
    this.#earned = 0;
  }

  /** Returns the milliseconds that the bus needs until its allowance is this many bytes. */
  timeFor(bytes: number): number {
    return Math.max(0, bytes - this.#earned) / this.#bytesPerMillisecond;
  }
}
