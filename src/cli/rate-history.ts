/** A rate is that of so long a time, in milliseconds, or a little more. */
const WINDOW = 1000;

/** Seconds that are remembered. */
const MEMORY = 60;

/** The rates of the last minute, from a counter of bytes that is looked at again and again. */
export class RateHistory {
  readonly #looks: { at: number; bytes: number }[];
  readonly #seconds: number[] = [];
  #secondSince: number;
  #secondBytes = 0;

  /** @param now when the counter was 0: monotonic milliseconds */
  constructor(now: number) {
    this.#looks = [{ at: now, bytes: 0 }];
    this.#secondSince = now;
  }

  /** Takes a look at the counter. */
  look(bytes: number, now: number): void {
    this.#looks.push({ at: now, bytes });
    while (now - (this.#looks[1]?.at ?? now) >= WINDOW) {
      this.#looks.shift();
    }
    const elapsed = now - this.#secondSince;
    if (elapsed >= 1000) {
      this.#seconds.push(((bytes - this.#secondBytes) / elapsed) * 1000);
      this.#seconds.splice(0, this.#seconds.length - MEMORY);
      this.#secondSince = now;
      this.#secondBytes = bytes;
    }
  }

  /** Bytes per second, in the last second or from the beginning on; 0 before the second look. */
  get current(): number {
    const first = this.#looks[0];
    const last = this.#looks.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) {
      return 0;
    }
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }

  /** Bytes per second in each of the last 60 seconds, the oldest first. */
  get seconds(): readonly number[] {
    return this.#seconds;
  }
}
