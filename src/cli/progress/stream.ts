import type { DuplexStatistics } from '../../engine/session/duplex.js';
import type {
  ReceiveStatistics,
  SendStatistics,
  Statistics,
} from '../../engine/stats/statistics.js';
import { TRANSFER_STATUSES } from '../../usb/transfer-status.js';
import { receiveCounters, sendCounters } from '../report/record.js';
import type { Drain } from '../session/shutdown.js';
import { binarySize, countOf } from '../terminal/format.js';
import type { Limits } from './line.js';

/** What is told of while it runs: data that moves in one direction, or in both. */
export interface MonitoredStream {
  /** One for each direction. */
  readonly meters: readonly Meter[];
  /** What a program knows its records by. */
  readonly schema: string;

  /**
   * How far it is, in one plain line.
   *
   * @param recent whether to tell the rate since the mark as well
   * @param now monotonic milliseconds
   */
  line(recent: boolean, now: number): string;

  /** The same for programs. */
  record(now: number): Record<string, unknown>;
}

/** When to look at it: now or, once it has ended, then. Monotonic milliseconds. */
export function timeOf({ meters }: MonitoredStream): number {
  const ends = meters.map(({ statistics }) => statistics.endedAt);
  return ends.includes(0) ? performance.now() : Math.max(...ends);
}

/** Bytes that moved in a time. */
export interface Interval {
  readonly seconds: number;
  readonly bytes: number;
  /** 0 for what took no time. */
  readonly bytesPerSecond: number;
}

/** How far the transfers of one direction are, from the beginning on and since a mark. */
export class Meter<S extends Statistics = Statistics> {
  readonly statistics: S;
  readonly goal: Limits;
  /** What it is called where there are two: `in`, `out`. */
  readonly name: string | undefined;
  #markedAt: number | undefined;
  #bytesBefore = 0;

  /** @param goal what is to end them */
  constructor(statistics: S, goal: Limits, name?: string) {
    this.statistics = statistics;
    this.goal = goal;
    this.name = name;
  }

  /** Begins an interval: monotonic milliseconds. */
  mark(now: number): void {
    this.#markedAt = now;
    this.#bytesBefore = this.statistics.bytesMoved;
  }

  /** The interval from the mark on; it is empty without one. */
  intervalAt(now: number): Interval {
    const seconds = Math.max(0, now - (this.#markedAt ?? now)) / 1000;
    const bytes = this.statistics.bytesMoved - this.#bytesBefore;
    return { seconds, bytes, bytesPerSecond: seconds > 0 ? bytes / seconds : 0 };
  }
}

/** A capture that runs. */
export class ReadSubject implements MonitoredStream, Drain {
  readonly meters: readonly Meter[];
  readonly schema = 'usbxfer.stats/2';
  readonly #meter: Meter<ReceiveStatistics>;

  /** @param name what it is called, where it is one of two */
  constructor(statistics: ReceiveStatistics, goal: Limits, name?: string) {
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
      bytes_buffered: statistics.bytesBuffered,
    };
  }

  get bytesDelivered(): number {
    return this.#meter.statistics.bytesWritten;
  }

  get bytesWaiting(): number {
    return this.#meter.statistics.bytesBuffered;
  }

  get bytesUnderWay(): number {
    return this.#meter.statistics.bytesBeingWritten;
  }

  /** A write that is stuck may have got through in part: hence "at least". */
  account(): string {
    const { bytesWritten, bytesBuffered, bytesUnwritten } = this.#meter.statistics;
    return (
      `at least ${bytesWritten} bytes are written, ` +
      `at most ${bytesBuffered + bytesUnwritten} received but not written`
    );
  }
}

/** A sending that runs. */
export class WriteSubject implements MonitoredStream, Drain {
  readonly meters: readonly Meter[];
  readonly schema = 'usbxfer.write-stats/2';
  readonly #meter: Meter<SendStatistics>;

  /** @param name what it is called, where it is one of two */
  constructor(statistics: SendStatistics, goal: Limits, name?: string) {
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
      bytes_buffered: statistics.bytesBuffered,
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

/** What is to end it. */
export interface PipeGoal {
  /** Bytes from the device. */
  readonly bytes?: number | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
}

/** Both directions at once. */
export class PipeSubject implements MonitoredStream, Drain {
  readonly meters: readonly Meter[];
  readonly schema = 'usbxfer.pipe-stats/2';
  readonly #in: ReadSubject;
  readonly #out: WriteSubject;

  constructor(statistics: DuplexStatistics, { bytes, duration }: PipeGoal) {
    this.#in = new ReadSubject(statistics.in, { bytes, duration }, 'in');
    this.#out = new WriteSubject(statistics.out, {}, 'out');
    this.meters = [...this.#in.meters, ...this.#out.meters];
  }

  line(recent: boolean, now: number): string {
    return `in: ${this.#in.line(recent, now)}; out: ${this.#out.line(recent, now)}`;
  }

  record(now: number): Record<string, unknown> {
    return { in: this.#in.record(now), out: this.#out.record(now) };
  }

  get bytesDelivered(): number {
    return this.#in.bytesDelivered + this.#out.bytesDelivered;
  }

  get bytesWaiting(): number {
    return this.#in.bytesWaiting;
  }

  get bytesUnderWay(): number {
    return this.#in.bytesUnderWay;
  }

  account(): string {
    return `${this.#in.account()}; ${this.#out.account()}`;
  }
}

/**
 * How far the transfers of one direction are, in one plain line.
 *
 * @param recent whether to tell the rate since the mark as well
 * @param now monotonic milliseconds
 * @param remarks what else there is to tell
 */
export function statusText(
  meter: Meter,
  recent: boolean,
  now: number,
  remarks: readonly string[] = [],
): string {
  const { statistics } = meter;
  const { bytesDelivered, inFlight, timings, statuses } = statistics;
  const seconds = statistics.secondsAt(now);
  const average = seconds > 0 ? bytesDelivered / seconds : 0;
  const dry = timings.starved.millisecondsAt(now);
  return [
    `${seconds.toFixed(1)} s: ${bytesDelivered} bytes (${binarySize(bytesDelivered)})`,
    ...(recent ? [`${binarySize(meter.intervalAt(now).bytesPerSecond)}/s`] : []),
    `${binarySize(average)}/s on average`,
    `${inFlight} in flight`,
    ...TRANSFER_STATUSES.filter((status) => statuses[status] > 0).map(
      (status) => `${status} ${statuses[status]}`,
    ),
    ...remarks,
    ...(dry > 0 ? [`dry ${(dry / 1000).toFixed(1)} s`] : []),
  ].join(', ');
}

/** What is told of each direction, whichever it is. */
export function directionRecord(meter: Meter, now: number): Record<string, unknown> {
  const { statistics } = meter;
  const { timings } = statistics;
  const seconds = statistics.secondsAt(now);
  const interval = meter.intervalAt(now);
  return {
    seconds,
    bytes_per_second: seconds > 0 ? statistics.bytesDelivered / seconds : 0,
    interval_seconds: interval.seconds,
    interval_bytes_per_second: interval.bytesPerSecond,
    in_flight: statistics.inFlight,
    throttled_seconds: timings.throttled.millisecondsAt(now) / 1000,
    starved_count: timings.starved.count,
    starved_seconds: timings.starved.millisecondsAt(now) / 1000,
  };
}
