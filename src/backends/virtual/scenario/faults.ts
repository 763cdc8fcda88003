import type { Fault, FaultKind } from './scenario.js';

/** The faults that are still to come on a pipe, each at its offset. */
export class FaultList<Kind extends FaultKind> {
  readonly #faults: Fault<Kind>[];

  /** @param faults by offset */
  constructor(faults: readonly Fault<Kind>[]) {
    this.#faults = [...faults];
  }

  /** Where the next one lies; Infinity when none is left. */
  get offset(): number {
    return this.#faults[0]?.offset ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the next one, if there is one, and of the kind. */
  take(kind?: Kind): Fault<Kind> | undefined {
    return kind === undefined || kind === this.#faults[0]?.kind ? this.#faults.shift() : undefined;
  }
}

/**
 * A stream of numbers from 0 to just below 1 that depends on the seed alone (the generator is
 * mulberry32): what a seed made once, it makes again.
 *
 * @param seed any integer; its low 32 bits count
 */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
