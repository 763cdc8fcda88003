/** How long one screenful stays, in milliseconds. */
const PERIOD = 1000;

/** Lets at most a screenful of lines a second through. */
export class ScreenLimit {
  readonly #rows: () => number;
  #left = 0;
  #endsAt = 0;

  /** @param rows returns the current number of lines of the terminal */
  constructor(rows: () => number) {
    this.#rows = rows;
  }

  /** The lines that may be shown now, in monotonic milliseconds. */
  room(now: number): number {
    if (now >= this.#endsAt) {
      this.#endsAt = now + PERIOD;
      this.#left = Math.max(1, this.#rows() - 1);
    }
    return this.#left;
  }

  /** Counts lines that are shown. */
  take(lines: number): void {
    this.#left -= lines;
  }

  /** Milliseconds until there is room again. */
  wait(now: number): number {
    return Math.max(0, this.#endsAt - now);
  }
}
