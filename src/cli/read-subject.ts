import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { receiveCounters } from './counters-record.js';
import { countOf } from './format.js';
import { Meter } from './meter.js';
import type { Goal } from './outlook.js';
import type { Drain } from './signals.js';
import { directionRecord } from './stats-record.js';
import { statusText } from './status-text.js';
import type { Subject } from './subject.js';

/** A capture that runs. */
export class ReadSubject implements Subject, Drain {
  readonly meters: readonly Meter[];
  readonly schema = 'usbxfer.stats/1';
  readonly #meter: Meter<ReceiveStatistics>;

  /** @param name what it is called, where it is one of two */
  constructor(statistics: ReceiveStatistics, goal: Goal, name?: string) {
    this.#meter = new Meter(statistics, goal, name);
    this.meters = [this.#meter];
  }

  line(recent: boolean, now: number): string {
    const { gapCount } = this.#meter.statistics;
    const remarks = gapCount > 0 ? [countOf(gapCount, 'gap')] : [];
    return statusText(this.#meter, recent, now, remarks);
  }

  record(now: number): Record<string, unknown> {
    const { statistics } = this.#meter;
    return {
      interval_bytes_received: this.#meter.intervalAt(now).bytes,
      ...directionRecord(this.#meter, now),
      ...receiveCounters(statistics),
      bytes_waiting: statistics.backlog,
    };
  }

  get bytesDelivered(): number {
    return this.#meter.statistics.bytesWritten;
  }

  get bytesWaiting(): number {
    return this.#meter.statistics.backlog;
  }

  get bytesUnderWay(): number {
    return this.#meter.statistics.bytesAtSink;
  }

  /** A write that is stuck may have got through in part: hence "at least". */
  account(): string {
    const { bytesWritten, backlog, bytesUnwritten } = this.#meter.statistics;
    return (
      `at least ${bytesWritten} bytes are written, ` +
      `at most ${backlog + bytesUnwritten} received but not written`
    );
  }
}
