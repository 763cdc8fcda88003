/** Milliseconds before the first retry, and at most. */
const FIRST_DELAY = 1;
const MAX_DELAY = 64;

/**
 * Retries on a non-blocking descriptor that reported EAGAIN. The delay doubles from one retry to the
 * next, up to 64 ms. On its own because `FdSink` and `FdSource` share it, and either may be loaded
 * without the other.
 */
export class RetryTimer {
  #delay = FIRST_DELAY;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `retry` after the delay. */
  schedule(retry: () => void): void {
    this.#timer = setTimeout(retry, this.#delay);
    this.#delay = Math.min(this.#delay * 2, MAX_DELAY);
  }

  /** Starts again from the shortest delay, after an attempt that succeeded. */
  reset(): void {
    this.#delay = FIRST_DELAY;
  }

  /** Cancels a retry that was scheduled. */
  cancel(): void {
    clearTimeout(this.#timer);
  }
}
