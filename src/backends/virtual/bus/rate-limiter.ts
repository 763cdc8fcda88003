/**
 * How many bytes the wire has had time for. Time counts only while a transfer waits on it, so a bus
 * that had nothing to do makes nothing up for it, and a late timer costs no throughput.
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
   * The bytes that may go at a time, since the first look after a `stop`.
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

  /** Takes bytes that went off the allowance. */
  spend(bytes: number): void {
    this.#earned -= bytes;
  }

  /** The wire falls idle: what it could have carried is lost. */
  stop(): void {
    this.#running = false;
    this.#earned = 0;
  }

  /** Milliseconds that the wire needs for bytes beyond what it has earned. */
  timeFor(bytes: number): number {
    return Math.max(0, bytes - this.#earned) / this.#bytesPerMillisecond;
  }
}
