import type { Statistics } from '../../engine/stats/statistics.js';
import { type Direction, directionsOf, type StreamStatistics } from '../report/direction.js';
import { delayText, eventTexts, waitText } from '../report/words.js';
import type { Drain } from '../session/shutdown.js';
import { binarySize } from '../terminal/format.js';

/** The known limits of a stream. */
export interface StreamLimits {
  /** Bytes to deliver, and bytes to discard before them. */
  readonly bytes?: number | undefined;
  readonly skip?: number | undefined;
  /** Transfers with data. */
  readonly count?: number | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
}

/** The progress of one direction, since the start and in the current interval. */
export class Meter {
  readonly statistics: Statistics;
  readonly direction: Direction;
  readonly limits: StreamLimits;
  #intervalStart: number | undefined;
  #bytesBefore = 0;

  constructor(direction: Direction, limits: StreamLimits) {
    this.direction = direction;
    this.statistics = direction.statistics;
    this.limits = limits;
  }

  /** Starts the next interval: monotonic milliseconds. */
  mark(now: number): void {
    this.#intervalStart = now;
    this.#bytesBefore = this.statistics.bytesMoved;
  }

  /** The length of the current interval, the bytes transferred in it, and their rate. */
  #intervalAt(now: number): { seconds: number; bytes: number; bytesPerSecond: number } {
    const seconds = Math.max(0, now - (this.#intervalStart ?? now)) / 1000;
    const bytes = this.statistics.bytesMoved - this.#bytesBefore;
    return { seconds, bytes, bytesPerSecond: seconds > 0 ? bytes / seconds : 0 };
  }

  /** Bytes delivered per second since the start; 0 before it. */
  averageAt(now: number): number {
    const seconds = this.statistics.secondsAt(now);
    return seconds > 0 ? this.statistics.bytesDelivered / seconds : 0;
  }

  /**
   * The progress in one line of text.
   *
   * @param recent whether to include the rate of the current interval
   */
  line(recent: boolean, now: number): string {
    const { bytesDelivered } = this.statistics;
    const delay = delayText(this.direction, now);
    return [
      `${this.statistics.secondsAt(now).toFixed(1)} s: ${bytesDelivered} bytes (${binarySize(bytesDelivered)})`,
      ...this.#rateTexts(recent, now),
      ...eventTexts(this.statistics),
      ...this.direction.remarks(),
      ...(delay === undefined ? [] : [delay]),
    ].join(', ');
  }

  /** The rates or, while the device is away, how long it has been waited for. */
  #rateTexts(recent: boolean, now: number): string[] {
    const { waitingSince } = this.statistics;
    if (waitingSince !== undefined) {
      return [`${waitText(this.statistics)} for ${((now - waitingSince) / 1000).toFixed(1)} s`];
    }
    const average = `${binarySize(this.averageAt(now))}/s on average`;
    return recent
      ? [`${binarySize(this.#intervalAt(now).bytesPerSecond)}/s now`, average]
      : [average];
  }

  record(now: number): Record<string, unknown> {
    const { timings, inFlight } = this.statistics;
    const { seconds, bytes, bytesPerSecond } = this.#intervalAt(now);
    const { name } = this.direction;
    return {
      [name === 'in' ? 'interval_bytes_received' : 'interval_bytes_sent']: bytes,
      seconds: this.statistics.secondsAt(now),
      bytes_per_second: this.averageAt(now),
      interval_seconds: seconds,
      interval_bytes_per_second: bytesPerSecond,
      in_flight: inFlight,
      throttled_seconds: timings.throttled.millisecondsAt(now) / 1000,
      starved_count: timings.starved.count,
      starved_seconds: timings.starved.millisecondsAt(now) / 1000,
      ...this.direction.counters(),
      bytes_buffered: this.statistics.bytesBuffered,
    };
  }
}

/** The schemas of `--stats` records. */
const SCHEMAS = {
  in: 'usbxfer.stats/2',
  out: 'usbxfer.write-stats/2',
  both: 'usbxfer.pipe-stats/2',
} as const;

/** A stream in one direction or in both, and its progress as text and as records. */
export class MonitoredStream implements Drain {
  readonly meters: readonly Meter[];

  /** @param limits those of the data from the device, if there is any */
  constructor(statistics: StreamStatistics, limits: StreamLimits = {}) {
    this.meters = directionsOf(statistics).map(
      (direction, index) => new Meter(direction, index === 0 ? limits : {}),
    );
  }

  /** Starts the next interval: monotonic milliseconds. */
  mark(now: number): void {
    for (const meter of this.meters) {
      meter.mark(now);
    }
  }

  /** The time of the current statistics: now, or the end of the stream. Monotonic milliseconds. */
  get time(): number {
    const ends = this.meters.map(({ statistics }) => statistics.endedAt);
    return ends.includes(0) ? performance.now() : Math.max(...ends);
  }

  /**
   * The progress in one line of text.
   *
   * @param recent whether to include the rate of the current interval
   */
  line(recent: boolean, now: number): string {
    const lines = this.meters.map((meter) => [meter.direction.name, meter.line(recent, now)]);
    return lines.map(([name, line]) => (lines.length > 1 ? `${name}: ${line}` : line)).join('; ');
  }

  /** The progress as a record of `--stats`, in the form of the schema that it names. */
  record(now: number): Record<string, unknown> {
    const records = this.meters.map((meter) => [meter.direction.name, meter.record(now)] as const);
    const [first] = this.meters;
    const only = records.length === 1 ? records[0]?.[1] : undefined;
    return {
      schema: SCHEMAS[only === undefined ? 'both' : (first?.direction.name ?? 'in')],
      final: false,
      time: new Date().toISOString(),
      ...(only ?? Object.fromEntries(records)),
    };
  }

  get bytesDelivered(): number {
    return this.meters.reduce((sum, { statistics }) => sum + statistics.bytesDelivered, 0);
  }

  get bytesToWrite(): number {
    return this.meters.reduce((sum, { direction }) => sum + direction.bytesToWrite, 0);
  }

  get bytesBeingWritten(): number {
    return this.meters.reduce((sum, { direction }) => sum + direction.bytesBeingWritten, 0);
  }

  progressSummary(): string {
    return this.meters.map(({ direction }) => direction.progressSummary()).join('; ');
  }
}
