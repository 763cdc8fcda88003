import type { Statistics } from '../transfer/statistics.js';
import type { Goal } from './outlook.js';

/** Bytes that moved in a time. */
export interface Interval {
  readonly seconds: number;
  readonly bytes: number;
  /** 0 for what took no time. */
  readonly bytesPerSecond: number;
}

/** How far the transfers of one direction are, from the beginning on and since a mark. */
export class Meter<S extends Statistics = Statistics> {
  readonly statistics: S;
  readonly goal: Goal;
  /** What it is called where there are two: `in`, `out`. */
  readonly name: string | undefined;
  #markedAt: number | undefined;
  #bytesBefore = 0;

  /** @param goal what is to end them */
  constructor(statistics: S, goal: Goal, name?: string) {
    this.statistics = statistics;
    this.goal = goal;
    this.name = name;
  }

  /** Begins an interval: monotonic milliseconds. */
  mark(now: number): void {
    this.#markedAt = now;
    this.#bytesBefore = this.statistics.bytesMoved;
  }

  /** The interval from the mark on; it is empty without one. */
  intervalAt(now: number): Interval {
    const seconds = Math.max(0, now - (this.#markedAt ?? now)) / 1000;
    const bytes = this.statistics.bytesMoved - this.#bytesBefore;
    return { seconds, bytes, bytesPerSecond: seconds > 0 ? bytes / seconds : 0 };
  }
}
