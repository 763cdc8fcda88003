/** How long something was the case in all, and how often. Times are monotonic milliseconds. */
export class Stopwatch {
  /** Milliseconds, of what is over. */
  milliseconds = 0;
  /** How often it began. */
  count = 0;
  #since: number | undefined;

  /** Whether it is the case. */
  get running(): boolean {
    return this.#since !== undefined;
  }

  /** Milliseconds until now, of what is over and of what lasts. */
  millisecondsAt(now: number): number {
    return this.milliseconds + (this.#since === undefined ? 0 : now - this.#since);
  }

  /** It begins; nothing new while it lasts. */
  start(now: number): void {
    if (this.#since === undefined) {
      this.#since = now;
      this.count += 1;
    }
  }

  /** It was over at an earlier moment; if it has begun since then, it never was the case. */
  endedAt(then: number): void {
    if (this.#since !== undefined && then <= this.#since) {
      this.#since = undefined;
      this.count -= 1;
    }
    this.stop(then);
  }

  /** It is over; nothing new unless it was the case. */
  stop(now: number): void {
    if (this.#since !== undefined) {
      this.milliseconds += now - this.#since;
      this.#since = undefined;
    }
  }
}
