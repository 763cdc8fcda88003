import type { Parameters } from 'fast-check';

/** The cases of a run of all properties: FUZZ_CASES, or 2,000 in CI, and 200 elsewhere. */
const CASES = Number(process.env['FUZZ_CASES'] ?? (process.env['CI'] ? 2000 : 200));

/** The seed in FUZZ_SEED repeats a run. A failure prints its seed. */
const SEED = process.env['FUZZ_SEED'];

/** The percentage of the cases for each property. Those of devices make 100. */
const SHARES = {
  tree: 30,
  bos: 10,
  text: 20,
  json: 10,
  doctor: 10,
  watch: 5,
  completion: 10,
  udev: 5,
  capture: 100,
  usbipClient: 10,
  usbipServer: 10,
} as const;

/** Returns the parameters of a property. */
export function runsOf(property: keyof typeof SHARES): Parameters<unknown> {
  return {
    numRuns: Math.ceil((CASES * SHARES[property]) / 100),
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
  };
}

/** The timeout of a property, in milliseconds: generous, for a busy machine. */
export const TIMEOUT = 60_000 + 30 * CASES;
