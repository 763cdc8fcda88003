/** How often to look at the clock, in milliseconds. */
const BEAT = 100;

/**
 * Notes that the process was stopped, by Ctrl-Z or SIGSTOP, and continued. Nothing could be received
 * meanwhile but what was in flight, and not every device waits.
 *
 * SIGCONT tells that it continues, a clock how long it had stopped: to a tenth of a second, and
 * stops shorter than that go unnoticed. A SIGCONT that came to a running process is none.
 */
export class Suspensions {
  #count = 0;
  #milliseconds = 0;
  #lastBeat = performance.now();
  #beatBefore = this.#lastBeat;
  readonly #timer: NodeJS.Timeout;

  /** Takes note from here on, until `dispose`. */
  constructor() {
    this.#timer = setInterval(this.#beat, BEAT).unref();
    process.on('SIGCONT', this.#onContinue);
  }

  /** How many times the process was stopped. */
  get count(): number {
    return this.#count;
  }

  /** For how long in all. */
  get milliseconds(): number {
    return this.#milliseconds;
  }

  dispose(): void {
    clearInterval(this.#timer);
    process.off('SIGCONT', this.#onContinue);
  }

  readonly #beat = (): void => {
    this.#beatBefore = this.#lastBeat;
    this.#lastBeat = performance.now();
  };

  readonly #onContinue = (): void => {
    // A beat may have come between the continuing and its signal.
    const now = performance.now();
    const pause = Math.max(now - this.#lastBeat, this.#lastBeat - this.#beatBefore);
    if (pause > 2 * BEAT) {
      this.#count += 1;
      this.#milliseconds += pause;
    }
    this.#lastBeat = now;
    this.#beatBefore = now;
  };
}
