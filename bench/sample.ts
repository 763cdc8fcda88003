import { type Spread, spreadOf } from '../src/cli/bench/spread.js';

/** Summary of repeated measurements. */
export interface Sample extends Spread {
  readonly runs: number;
}

/** Summarises measurements; there must be at least one. */
export function sample(values: readonly number[]): Sample {
  return { ...spreadOf(values), runs: values.length };
}

/** Returns the ratios of measurements made in pairs. */
export function ratios(ours: readonly number[], theirs: readonly number[]): Sample {
  return sample(ours.map((value, index) => value / (theirs[index] ?? Number.NaN)));
}
