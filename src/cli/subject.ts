import type { Meter } from './meter.js';

/** What is told of while it runs: data that moves in one direction, or in both. */
export interface Subject {
  /** One for each direction. */
  readonly meters: readonly Meter[];
  /** What a program knows its records by. */
  readonly schema: string;

  /**
   * How far it is, in one plain line.
   *
   * @param recent whether to tell the rate since the mark as well
   * @param now monotonic milliseconds
   */
  line(recent: boolean, now: number): string;

  /** The same for programs. */
  record(now: number): Record<string, unknown>;
}

/** When to look at it: now or, once it has ended, then. Monotonic milliseconds. */
export function timeOf({ meters }: Subject): number {
  const ends = meters.map(({ statistics }) => statistics.endedAt);
  return ends.includes(0) ? performance.now() : Math.max(...ends);
}
