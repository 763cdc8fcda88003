import { LONGEST_TIMER } from './longest-timer.js';

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
      Math.min(Math.max(left, 1), LONGEST_TIMER),
    );
  }
}
