import { MAX_TIMEOUT_MS } from '../usb/checks.js';

/** A timer that fires later than this shows that the whole process was stopped. Milliseconds. */
const SUSPENDED = 1000;

/**
 * Calls back when something has lasted too long: a period since a moment that may move. It sleeps
 * until that can be the case, so that moving the moment costs nothing.
 *
 * While a process is stopped (SIGTSTP, a laptop's sleep) it can serve nothing, so that time does not
 * count: the period starts over.
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
   *   while nothing lasts
   * @param onTimeout called each time the period is over, with the latest moment since which it is
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
    // What began a little later is due with it: one wake for all that was submitted together.
    this.#sleepUntil(now + 1);
    this.#onTimeout(now - this.#period);
  };
}

/** Calls back once, this many milliseconds after it was made on the monotonic clock, unless cleared. */
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
