import type { Clock } from '../../../../../src/backends/simulation/bus/clock.js';

interface Timer {
  readonly time: number;
  readonly callback: () => void;
}

/** A clock that advances only on request. Calls scheduled with `soon` wait for `settle`. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #soon = new Set<() => void>();
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  soon(callback: () => void): () => void {
    this.#soon.add(callback);
    return () => this.#soon.delete(callback);
  }

  after(delay: number, callback: () => void): () => void {
    const timer = { time: this.#now + delay, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Whether no call is scheduled with `soon`. */
  get resting(): boolean {
    return this.#soon.size === 0;
  }

  /** Runs turns of the event loop while calls are scheduled, at most this many. */
  settle(turns = 1000): void {
    for (let turn = 0; turn < turns && this.#soon.size > 0; turn++) {
      for (const callback of [...this.#soon]) {
        this.#soon.delete(callback);
        callback();
      }
    }
  }

  /** Advances the time, then makes all calls that are due. */
  pass(milliseconds: number): void {
    this.#now += milliseconds;
    for (const timer of [...this.#timers]) {
      if (timer.time <= this.#now) {
        this.#timers.delete(timer);
        timer.callback();
      }
    }
    this.settle();
  }
}
