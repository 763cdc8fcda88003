/** Summary of repeated measurements. */
export interface Sample {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** Summarises measurements; there must be at least one. */
export function sample(values: readonly number[]): Sample {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1), runs: sorted.length };
}

/** Returns the ratios of measurements made in pairs. */
export function ratios(ours: readonly number[], theirs: readonly number[]): Sample {
  return sample(ours.map((value, index) => value / (theirs[index] ?? Number.NaN)));
}
