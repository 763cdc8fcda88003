import type { Case } from './case.js';
import { measure } from './measure.js';

/** Minimum streaming time of a run, in seconds, so that start and warm-up matter little. */
const LONG_ENOUGH = 1;

/** Transfers and bytes of the first try. */
const FIRST_TRANSFERS = 4096;
const FIRST_BYTES = 16 * 1024 * 1024;

/** A file in memory must fit into it. */
const LARGEST_FILE = 2 * 1024 ** 3;

/**
 * Finds how many bytes a case must move to stream long enough, unless they do not fit. The fastest
 * case moves a hundred times as much as the slowest, so a fixed number does not suit both.
 */
export async function calibrate(wanted: Case): Promise<number> {
  const most = wanted.output === 'file' ? LARGEST_FILE : Number.POSITIVE_INFINITY;
  let bytes = Math.min(FIRST_TRANSFERS * wanted.size, FIRST_BYTES);
  for (;;) {
    const { seconds, rate } = await measure(wanted, bytes);
    if (seconds >= LONG_ENOUGH || bytes >= most) {
      return bytes;
    }
    // The rate of a short run is inaccurate: several tries may be necessary.
    const enough = 2 ** Math.ceil(Math.log2(rate * LONG_ENOUGH));
    bytes = Math.min(Math.max(bytes * 2, enough), most);
  }
}
