/** The middle and the ends of repeated measurements. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Sums up at least one value. Of an even number, the median is the mean of the middle two. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const last = sorted.length - 1;
  return {
    median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2,
    ...{ min: at(0), max: at(last) },
  };
}

/** A bar for a share from 0 to 1, padded to a width in columns. */
export function bar(share: number, width: number, unicode: boolean): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return (unicode ? '█' : '#').repeat(full).padEnd(width);
}
