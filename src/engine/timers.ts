import { MAX_TIMEOUT_MS } from '../usb/format.js';

/** A timer that fires later than this, in milliseconds, shows that the process was suspended. */
const SUSPENDED = 1000;

/**
 * Calls back when a period has passed since a moment that may change. It sleeps until the earliest
 * possible timeout, so that changing the moment costs nothing.
 *
 * The time in which the process is suspended (SIGTSTP, a laptop's sleep) does not count: the period
 * starts over.
 */
export class Watchdog {
  readonly #period: number;
  readonly #since: () => number | undefined;
  readonly #onTimeout: (latest: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  /** Nothing before this moment counts. */
  #notBefore = 0;

  /**
   * @param period milliseconds
   * @param since returns the moment from which the period counts, in monotonic milliseconds; undefined
   *   while there is none
   * @param onTimeout called at each timeout, with the latest moment that is a period ago
   */
  constructor(
    period: number,
    since: () => number | undefined,
    onTimeout: (latest: number) => void,
  ) {
    this.#period = period;
    this.#since = since;
    this.#onTimeout = onTimeout;
  }

  start(): void {
    this.#notBefore = performance.now();
    this.#sleepUntil(this.#notBefore + this.#period);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #sleepUntil(moment: number): void {
    const now = performance.now();
    const delay = Math.min(Math.max(moment - now, 1), MAX_TIMEOUT_MS);
    this.#dueAt = now + delay;
    this.#timer = setTimeout(this.#wake, delay);
  }

  readonly #wake = (): void => {
    const now = performance.now();
    if (now - this.#dueAt > SUSPENDED) {
      this.#notBefore = now;
    }
    const since = Math.max(this.#since() ?? now, this.#notBefore);
    if (now - since < this.#period) {
      this.#sleepUntil(since + this.#period);
      return;
    }
    // Transfers that were submitted together expire together: one timer serves them all.
    this.#sleepUntil(now);
    this.#onTimeout(now - this.#period);
  };
}

/** Calls back once, this many milliseconds of monotonic time after its creation, unless cleared. */
export class Deadline {
  readonly #at: number;
  readonly #onReached: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, onReached: () => void) {
    this.#at = performance.now() + milliseconds;
    this.#onReached = onReached;
    this.#wait();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const left = this.#at - performance.now();
    this.#timer = setTimeout(
      () => (performance.now() < this.#at ? this.#wait() : this.#onReached()),
      Math.min(Math.max(left, 1), MAX_TIMEOUT_MS),
    );
  }
}
