import type { DataTimings } from './timings.js';

/** Shorter pauses are not looked at: milliseconds. */
const LEAST_PAUSE = 10;

/** Intervals to have seen before their mean says anything. */
const ENOUGH = 32;

/** So many times as fast as usual is not how data comes from a device. */
const TOO_FAST = 2;

/**
 * Infers when the pool ran dry because this process was late: not scheduled, or busy elsewhere.
 * Nobody tells when a transfer became complete, only when its completion is served. But when after
 * a pause all that is in flight turns out to be complete at once, faster than the wire could have
 * carried it, then it had been waiting, and nothing was left for the device to fill.
 */
export class LateService {
  /** How often the pool ran dry that way. */
  count = 0;
  /** For how long at least: milliseconds. */
  milliseconds = 0;
  readonly #pace: DataTimings;
  /** Bytes in a millisecond. */
  readonly #wireRate: number;
  #lastAt = 0;
  /** The newest transfer that was in flight in the pause; undefined while nothing is suspected. */
  #newest: number | undefined;
  #pause = 0;
  #resumedAt = 0;
  #transfers = 0;
  #bytes = 0;

  /**
   * @param wireRate the most bytes in a second that the bus can carry; Infinity if unknown: then
   *   nothing can be inferred
   */
  constructor(pace: DataTimings, wireRate: number) {
    this.#pace = pace;
    this.#wireRate = wireRate / 1000;
  }

  /** A pause up to now was nobody's fault, or somebody else's. */
  excuse(now: number): void {
    this.#newest = undefined;
    this.#lastAt = now;
  }

  /**
   * A transfer completed.
   *
   * @param inFlight the transfers that are left in flight, with nothing submitted again yet
   * @param newest the number of the last one submitted
   */
  completed(sequence: number, bytes: number, inFlight: number, newest: number, now: number): void {
    const pause = now - this.#lastAt;
    this.#lastAt = now;
    if (pause >= LEAST_PAUSE && this.#isLongerThan(inFlight, pause)) {
      this.#newest = newest;
      this.#pause = pause;
      this.#resumedAt = now;
      this.#transfers = inFlight;
      this.#bytes = 0;
    } else if (this.#newest !== undefined) {
      this.#bytes += bytes;
      if (sequence >= this.#newest) {
        this.#newest = undefined;
        this.#judge(now - this.#resumedAt);
      }
    }
  }

  /** Whether a pause lasted longer than what was in flight does usually. */
  #isLongerThan(inFlight: number, pause: number): boolean {
    const { intervals, meanInterval } = this.#pace;
    return inFlight > 0 && intervals >= ENOUGH && pause > (inFlight + 1) * meanInterval;
  }

  /** @param burst how long it took to serve all that was in flight */
  #judge(burst: number): void {
    const { meanInterval } = this.#pace;
    const usual = this.#transfers * meanInterval;
    if (burst * TOO_FAST < usual && burst < this.#bytes / this.#wireRate) {
      this.count += 1;
      this.milliseconds += Math.max(0, this.#pause - usual - meanInterval);
    }
  }
}
