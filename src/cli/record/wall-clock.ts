const NANOSECONDS = 1_000_000n; // in a millisecond

/** Readings of the clock that bound a sample: more than a millisecond takes. */
const MAX_READINGS = 100_000;

/** The longest time between two readings of an exact sample, in milliseconds, and the attempts. */
const EXACT = 0.02;
const ATTEMPTS = 3;

/** Both clocks at one moment. */
export interface ClockSample {
  /** Monotonic milliseconds (`performance.now`). */
  readonly monotonic: number;
  /** Nanoseconds since 1970. */
  readonly wall: bigint;
}

/**
 * Reads both clocks at the same moment, to about a microsecond. Node shows the time of day in
 * milliseconds only, so this waits, for at most a few milliseconds, until the next one begins.
 */
export function sampleClocks(): ClockSample {
  let sample = nextMillisecond();
  for (let i = 1; i < ATTEMPTS && sample.error > EXACT; i += 1) {
    sample = nextMillisecond(); // the process was interrupted between the readings
  }
  return { monotonic: sample.monotonic, wall: BigInt(sample.wall) * NANOSECONDS };
}

function nextMillisecond(): { monotonic: number; wall: number; error: number } {
  const first = Date.now();
  let wall = first;
  let before = performance.now();
  let now = before;
  for (let i = 0; wall === first && i < MAX_READINGS; i += 1) {
    before = now;
    wall = Date.now();
    now = performance.now();
  }
  return { monotonic: (before + now) / 2, wall, error: now - before };
}

/** Converts monotonic times to times of day, from one sample: a clock that is set later changes nothing. */
export class WallClock {
  readonly #sample: ClockSample;

  constructor(sample = sampleClocks()) {
    this.#sample = sample;
  }

  /**
   * Returns the time of day in nanoseconds since 1970.
   *
   * @param monotonic milliseconds
   */
  at(monotonic: number): bigint {
    return this.#sample.wall + BigInt(Math.round((monotonic - this.#sample.monotonic) * 1e6));
  }
}

/** Formats a time of day to the microsecond, in UTC: `2026-11-30T00:41:59.123456Z`. */
export function isoMicroseconds(nanoseconds: bigint): string {
  const microseconds = String((nanoseconds / 1000n) % 1000n).padStart(3, '0');
  const milliseconds = new Date(Number(nanoseconds / NANOSECONDS)).toISOString();
  return milliseconds.replace('Z', `${microseconds}Z`);
}
