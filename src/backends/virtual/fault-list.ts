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
