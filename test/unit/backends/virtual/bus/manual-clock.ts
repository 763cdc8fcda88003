import type { Clock } from '../../../../../src/backends/virtual/bus/clock.js';

interface Alarm {
  readonly time: number;
  readonly callback: () => void;
}

/** A clock that stands until it is told to go on. What is due `soon` waits to be run, too. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #soon = new Set<() => void>();
  readonly #alarms = new Set<Alarm>();

  now(): number {
    return this.#now;
  }

  soon(callback: () => void): () => void {
    this.#soon.add(callback);
    return () => this.#soon.delete(callback);
  }

  after(delay: number, callback: () => void): () => void {
    const alarm = { time: this.#now + delay, callback };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Whether nothing is to be done but by the clock. */
  get resting(): boolean {
    return this.#soon.size === 0;
  }

  /** Runs turns of the event loop while there is something to do in them, at most so many. */
  settle(turns = 1000): void {
    for (let turn = 0; turn < turns && this.#soon.size > 0; turn++) {
      for (const callback of [...this.#soon]) {
        this.#soon.delete(callback);
        callback();
      }
    }
  }

  /** Lets time pass, with all that is due in it; every alarm goes off as late as that. */
  pass(milliseconds: number): void {
    this.#now += milliseconds;
    for (const alarm of [...this.#alarms]) {
      if (alarm.time <= this.#now) {
        this.#alarms.delete(alarm);
        alarm.callback();
      }
    }
    this.settle();
  }
}
