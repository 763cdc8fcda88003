import type { ChartStream } from './chart-data.js';

/** The most buckets of a stream: about as many as a screen has columns. */
export const MAX_BUCKETS = 2048;

/** The width of the first buckets in seconds: a power of two, so that all limits are exact. */
export const FIRST_WIDTH = 2 ** -10;

/** The shortest time that has a rate, in seconds. */
const SHORTEST = 1e-6;

/** What happened during a short time: the part of a run from one record to the next. */
export interface Sample {
  /** Its middle, in seconds since the first submission. */
  readonly seconds: number;
  /** Its length in seconds. */
  readonly duration: number;
  readonly bytes: number;
  /** Whether it was long enough that bytes by duration is a rate. */
  readonly hasRate: boolean;
  /** Bytes buffered at its end. */
  readonly buffered: number;
  /** Seconds without a transfer in flight. */
  readonly starved: number;
  /** Transfers by status, in the order of the names that the buckets were given. */
  readonly statuses: readonly number[];
}

interface Bucket {
  /** Its place: the width times this is where it begins. */
  place: number;
  duration: number;
  bytes: number;
  hasRate: boolean;
  /** Rates of its samples; not finite if no sample had one. */
  min: number;
  max: number;
  buffered: number;
  starved: number;
  readonly statuses: number[];
}

/**
 * Puts samples into buckets of equal width. The length of a run is not known before its end: whenever
 * there are too many buckets, the width doubles, and two neighbours become one. Sums, smallest and largest
 * values stay those of the samples.
 */
export class Buckets {
  readonly #direction: 'in' | 'out';
  readonly #statuses: readonly string[];
  readonly #most: number;
  #buckets: Bucket[] = [];
  #width = FIRST_WIDTH;

  /**
   * @param statuses their names
   * @param most buckets, from 1
   */
  constructor(direction: 'in' | 'out', statuses: readonly string[], most = MAX_BUCKETS) {
    this.#direction = direction;
    this.#statuses = statuses;
    this.#most = most;
  }

  /** Adds a sample. One that is earlier than the last one counts with that. */
  add(sample: Sample): void {
    const last = this.#buckets.at(-1);
    const place = Math.max(Math.floor(sample.seconds / this.#width), last?.place ?? 0);
    if (last?.place === place) {
      join(last, bucketOf(sample, place));
    } else {
      this.#buckets.push(bucketOf(sample, place));
      this.#limit(this.#most);
    }
  }

  /** The stream. @param most buckets */
  toStream(most: number): ChartStream {
    this.#limit(most);
    const buckets = this.#buckets;
    const column = (of: (bucket: Bucket) => number) => buckets.map(of);
    return {
      direction: this.#direction,
      seconds: column(({ place }) => (place + 0.5) * this.#width),
      rateMean: column((bucket) => mean(bucket)),
      rateMin: column((bucket) => (bucket.hasRate ? bucket.min : mean(bucket))),
      rateMax: column((bucket) => (bucket.hasRate ? bucket.max : mean(bucket))),
      buffered: column(({ buffered }) => buffered),
      starved: column(share),
      statuses: this.#statuses
        .map((status, i) => ({ status, counts: column((bucket) => bucket.statuses[i] ?? 0) }))
        .filter(({ counts }) => counts.some((count) => count > 0)),
    };
  }

  #limit(most: number): void {
    while (this.#buckets.length > most) {
      this.#width *= 2;
      const joined: Bucket[] = [];
      for (const bucket of this.#buckets) {
        bucket.place = Math.floor(bucket.place / 2);
        const last = joined.at(-1);
        if (last?.place === bucket.place) {
          join(last, bucket);
        } else {
          joined.push(bucket);
        }
      }
      this.#buckets = joined;
    }
  }
}

/** Adds a bucket to the one before it. */
function join(into: Bucket, other: Bucket): void {
  into.duration += other.duration;
  into.bytes += other.bytes;
  into.hasRate ||= other.hasRate;
  into.min = Math.min(into.min, other.min);
  into.max = Math.max(into.max, other.max);
  into.buffered = Math.max(into.buffered, other.buffered);
  into.starved += other.starved;
  for (let i = 0; i < other.statuses.length; i += 1) {
    into.statuses[i] = (into.statuses[i] ?? 0) + (other.statuses[i] ?? 0);
  }
}

function bucketOf(sample: Sample, place: number): Bucket {
  const { duration, bytes, hasRate, buffered, starved, statuses } = sample;
  const rate = hasRate ? mean(sample) : undefined;
  return {
    ...{ place, duration, bytes, buffered, starved, hasRate, statuses: [...statuses] },
    min: rate ?? Number.POSITIVE_INFINITY,
    max: rate ?? Number.NEGATIVE_INFINITY,
  };
}

/** Bytes per second; 0 if there was no time for a rate. */
export function mean({
  bytes,
  duration,
}: {
  readonly bytes: number;
  readonly duration: number;
}): number {
  return duration >= SHORTEST ? bytes / duration : 0;
}

/** The share of the time without a transfer in flight. */
function share({ starved, duration }: Bucket): number {
  return duration >= SHORTEST ? Math.min(starved / duration, 1) : 0;
}
