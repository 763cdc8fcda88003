import type { SendStatistics } from '../transfer/send-statistics.js';
import { sendCounters } from './counters-record.js';
import { Meter } from './meter.js';
import type { Goal } from './outlook.js';
import type { Drain } from './signals.js';
import { directionRecord } from './stats-record.js';
import { statusText } from './status-text.js';
import type { Subject } from './subject.js';

/** A sending that runs. */
export class WriteSubject implements Subject, Drain {
  readonly meters: readonly Meter[];
  readonly schema = 'usbxfer.write-stats/1';
  readonly #meter: Meter<SendStatistics>;

  /** @param name what it is called, where it is one of two */
  constructor(statistics: SendStatistics, goal: Goal, name?: string) {
    this.#meter = new Meter(statistics, goal, name);
    this.meters = [this.#meter];
  }

  line(recent: boolean, now: number): string {
    return statusText(this.#meter, recent, now);
  }

  record(now: number): Record<string, unknown> {
    const { statistics } = this.#meter;
    return {
      interval_bytes_sent: this.#meter.intervalAt(now).bytes,
      ...directionRecord(this.#meter, now),
      ...sendCounters(statistics),
      bytes_waiting: statistics.bytesRead - statistics.bytesMoved,
    };
  }

  get bytesDelivered(): number {
    return this.#meter.statistics.bytesAccepted;
  }

  /** A drain sends nothing any more. */
  readonly bytesWaiting = 0;
  readonly bytesUnderWay = 0;

  account(): string {
    return `the device has taken at least ${this.bytesDelivered} bytes`;
  }
}
