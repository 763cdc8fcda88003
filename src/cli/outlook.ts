import type { Statistics } from '../transfer/statistics.js';

/** What is to end a transfer of data, as far as one can see it coming. */
export interface Goal {
  /** Bytes to deliver, and to throw away before. */
  readonly bytes?: number | undefined;
  readonly skip?: number | undefined;
  /** Transfers with data. */
  readonly count?: number | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
}

/** How far it is on its way to the limit that it will reach first. */
export interface Outlook {
  /** From 0 to 1. */
  readonly share: number;
  /** Seconds that are left; Infinity while nothing comes. */
  readonly seconds: number;
}

/**
 * The outlook on the nearest limit; undefined when there is none.
 *
 * @param rate bytes per second that it makes
 * @param elapsed seconds since it began
 */
export function outlook(
  { bytes, skip = 0, count, duration }: Goal,
  statistics: Statistics,
  rate: number,
  elapsed: number,
): Outlook | undefined {
  const outlooks: Outlook[] = [];
  if (bytes !== undefined) {
    const skipped = Math.min(skip, statistics.bytesMoved);
    const done = skipped + statistics.bytesDelivered;
    outlooks.push(towards(skip + bytes, done, rate));
  }
  if (count !== undefined) {
    const { transfersWithData } = statistics;
    outlooks.push(towards(count, transfersWithData, transfersWithData / elapsed));
  }
  if (duration !== undefined) {
    outlooks.push(towards(duration / 1000, elapsed, 1));
  }
  return outlooks.sort((a, b) => a.seconds - b.seconds)[0];
}

function towards(goal: number, done: number, perSecond: number): Outlook {
  const left = Math.max(0, goal - done);
  return { share: 1 - left / goal, seconds: left === 0 ? 0 : left / Math.max(0, perSecond) };
}
