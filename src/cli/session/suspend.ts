/** The interval of the timer, in milliseconds. */
const TICK = 100;

/**
 * Counts how often and how long the process is stopped, by Ctrl-Z or SIGSTOP. A stopped process
 * receives only what was in flight, and not every device waits for more transfers.
 *
 * SIGCONT reports that the process continues. A timer measures how long it was stopped, to a tenth of a
 * second. Shorter stops, and a SIGCONT to a running process, do not count.
 */
export class Suspensions {
  #count = 0;
  #milliseconds = 0;
  #lastTick = performance.now();
  #tickBefore = this.#lastTick;
  readonly #timer: NodeJS.Timeout;

  /** Counts from now on, until `dispose`. */
  constructor() {
    this.#timer = setInterval(this.#onTick, TICK).unref();
    process.on('SIGCONT', this.#onContinue);
  }

  /** The number of stops. */
  get count(): number {
    return this.#count;
  }

  /** The total duration of all stops. */
  get milliseconds(): number {
    return this.#milliseconds;
  }

  dispose(): void {
    clearInterval(this.#timer);
    process.off('SIGCONT', this.#onContinue);
  }

  readonly #onTick = (): void => {
    this.#tickBefore = this.#lastTick;
    this.#lastTick = performance.now();
  };

  readonly #onContinue = (): void => {
    // The timer may tick between the continuation and the signal.
    const now = performance.now();
    const pause = Math.max(now - this.#lastTick, this.#lastTick - this.#tickBefore);
    if (pause > 2 * TICK) {
      this.#count += 1;
      this.#milliseconds += pause;
    }
    this.#lastTick = now;
    this.#tickBefore = now;
  };
}
