import type { Case } from './case.js';
import { measure } from './measure.js';

/** How long a run has to stream, in seconds: starting and warming up weigh little then. */
const LONG_ENOUGH = 1;

/** How long a run has to stream to tell the rate well enough to choose the bytes by it. */
const TELLING = 0.15;

/** Transfers, and bytes, of the first try. */
const FIRST_TRANSFERS = 4096;
const FIRST_BYTES = 16 * 1024 * 1024;

/** A file in memory must fit into it. */
const LARGEST_FILE = 2 * 1024 ** 3;

/**
 * Finds how many bytes a case has to move. A power of two, so that cases about as fast as each other
 * move as many; and at least `LONG_ENOUGH` worth of them, unless they would not fit.
 */
export async function calibrate(wanted: Case): Promise<number> {
  const most = wanted.output === 'file' ? LARGEST_FILE : Number.POSITIVE_INFINITY;
  let bytes = Math.min(FIRST_TRANSFERS * wanted.size, FIRST_BYTES);
  for (;;) {
    const { seconds, rate } = await measure(wanted, bytes);
    if (seconds >= TELLING || bytes >= most) {
      return Math.min(2 ** Math.ceil(Math.log2(rate * LONG_ENOUGH)), most);
    }
    bytes = Math.min(bytes * 8, most);
  }
}
