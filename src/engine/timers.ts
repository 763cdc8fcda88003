/** A timer that fires so much too late shows that the whole process was stopped. Milliseconds. */
const SUSPENDED = 1000;

/**
 * Rings when something has lasted too long: a `period` since a moment that may move on meanwhile.
 * It sleeps until that can be the case, so that moving the moment costs nothing.
 *
 * A process that was stopped (SIGTSTP, a laptop's sleep) could not be served meanwhile, so that
 * time does not count: the period begins anew.
 */
export class Watchdog {
  readonly #period: number;
  readonly #since: () => number | undefined;
  readonly #ring: (since: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  /** Nothing before this moment counts. */
  #notBefore = 0;

  /**
   * @param period milliseconds
   * @param since the moment from which the period counts now, in monotonic milliseconds; undefined
   *   while nothing lasts
   * @param ring called each time the period is over, with the latest moment from which it is
   */
  constructor(period: number, since: () => number | undefined, ring: (latest: number) => void) {
    this.#period = period;
    this.#since = since;
    this.#ring = ring;
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
    this.#ring(now - this.#period);
  };
}

/** Calls back once, `milliseconds` after it was made on the monotonic clock, unless cleared. */
export class Deadline {
  readonly #at: number;
  readonly #reached: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, reached: () => void) {
    this.#at = performance.now() + milliseconds;
    this.#reached = reached;
    this.#wait();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const left = this.#at - performance.now();
    this.#timer = setTimeout(
      () => (performance.now() < this.#at ? this.#wait() : this.#reached()),
      Math.min(Math.max(left, 1), MAX_TIMEOUT_MS),
    );
  }
}

/** The longest time that a Node timer can hold, in milliseconds; a longer one would fire at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;
