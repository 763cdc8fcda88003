import { FAILURE_REASONS } from '../../engine/session/outcome.js';
import { TRANSFER_STATUSES } from '../../usb/transfer-status.js';
import { FLAG, object, TEXT, type TypeOf } from '../record/shape.js';
import { causeText } from '../report/words.js';
import { Buckets } from './buckets.js';
import { type Chart, type ChartRun, GapList, isoTime, narrow, partsOf, startOf } from './chart.js';
import { counterFacts, directed, endFact } from './facts.js';
import type { Fields } from './objects.js';
import {
  type Counters,
  type Direction,
  END,
  type End,
  failuresIn,
  gapsOf,
  jsonName,
  PROGRESS,
} from './shapes.js';

type Progress = Counters & {
  readonly interval_seconds: number;
  readonly bytes_buffered: number;
  readonly interval_bytes_received?: number;
  readonly interval_bytes_sent?: number;
};

const HEAD = object({ final: FLAG, time: TEXT });
type Head = TypeOf<typeof HEAD>;

/** The records that each schema has: those of one direction have its fields at the top. */
export const STATS_SCHEMAS = {
  'usbxfer.stats/2': ['in'],
  'usbxfer.write-stats/2': ['out'],
  'usbxfer.pipe-stats/2': ['in', 'out'],
} as const satisfies Readonly<Record<string, readonly Direction[]>>;

/** A `--stats` file of read, write or pipe. */
export class StatsChart implements Chart {
  readonly #name: string;
  readonly #directions: readonly Direction[];
  readonly #runs: Run[] = [];

  constructor(name: string, directions: readonly Direction[]) {
    this.#name = name;
    this.#directions = directions;
  }

  get runs(): number {
    return this.#runs.length;
  }

  add(fields: Fields, line: number): void {
    const head = narrow(fields, HEAD, this.#name, line);
    const parts = partsOf<Progress>(fields, this.#directions, PROGRESS, this.#name, line);
    const records = parts.map(([, record]) => record);
    let run = this.#runs.at(-1);
    if (run === undefined || run.isFollowedBy(head, records)) {
      run = new Run(this.#directions);
      this.#runs.push(run);
    }
    run.add(head, records, head.final ? narrow(fields, END, this.#name, line) : undefined);
  }

  finish(mostBuckets: number): readonly ChartRun[] {
    return this.#runs.map((run) => run.finish(mostBuckets));
  }
}

/** The records of one run. */
class Run {
  readonly #meters: readonly Meter[];
  readonly #gaps = new GapList();
  /** Known as soon as there was a submission. */
  #startTime: string | null = null;
  #end: End | undefined;

  constructor(directions: readonly Direction[]) {
    this.#meters = directions.map((direction) => new Meter(direction, this.#gaps));
  }

  /** Whether a record begins another run: its time begins again. */
  isFollowedBy({ final }: Head, records: readonly Progress[]): boolean {
    const isEarlier = this.#meters.some(
      ({ seconds }, i) => (records[i]?.seconds ?? seconds) < seconds,
    );
    // The last record of pipe has the time at which each direction ended.
    return this.#end !== undefined || (isEarlier && !final);
  }

  add({ time }: Head, records: readonly Progress[], end: End | undefined): void {
    for (const [i, record] of records.entries()) {
      this.#meters[i]?.add(record, time, end !== undefined);
      if (this.#startTime === null && record.seconds > 0) {
        this.#startTime = startOf(time, record.seconds);
      }
    }
    this.#end = end;
  }

  finish(mostBuckets: number): ChartRun {
    const facts = this.#meters.map(({ direction, counters }) =>
      this.#meters.length === 1
        ? counterFacts(direction, counters)
        : directed(direction, counterFacts(direction, counters)),
    );
    return {
      kind: 'stats',
      subject: '',
      startTime: this.#startTime,
      facts: [...facts.flat(), endFact(this.#end)],
      streams: this.#meters.map((meter) => meter.buckets.toStream(mostBuckets)),
      gaps: this.#gaps.first,
      gapCount: this.#meters.some(({ direction }) => direction === 'in') ? this.#gaps.count : null,
      bench: null,
      tune: null,
    };
  }
}

const NOTHING: Counters = {
  ...{ seconds: 0, bytes_per_second: 0, transfers: 0, statuses: {}, failures: {} },
  ...{ throttled_seconds: 0, starved_count: 0, starved_seconds: 0 },
};

const STATUS_FIELDS = TRANSFER_STATUSES.map(jsonName);

/** The progress of one direction. Counters are totals: each is compared with the one before. */
class Meter {
  readonly direction: Direction;
  readonly buckets: Buckets;
  readonly #gaps: GapList;
  /** The last record. */
  counters = NOTHING;
  /** The middle and the length of the last sample. */
  #middle = 0;
  #duration = 0;

  constructor(direction: Direction, gaps: GapList) {
    this.direction = direction;
    this.#gaps = gaps;
    this.buckets = new Buckets(direction, TRANSFER_STATUSES);
  }

  get seconds(): number {
    return this.counters.seconds;
  }

  add(record: Progress, time: string, isFinal: boolean): void {
    const before = this.counters;
    const duration = record.interval_seconds;
    // What remains at the end has no rate of its own if it is short.
    const isRest = isFinal && duration < this.#duration / 2;
    if (!isRest) {
      this.#middle = Math.max(this.#middle, record.seconds - duration / 2);
      this.#duration = duration;
    }
    this.buckets.add({
      seconds: this.#middle,
      duration,
      bytes: this.#bytesIn(record),
      hasRate: !isRest && duration > 0,
      buffered: record.bytes_buffered,
      starved: rise(before.starved_seconds, record.starved_seconds),
      statuses: STATUS_FIELDS.map((field) => rise(before.statuses[field], record.statuses[field])),
    });
    const gaps = rise(gapsOf(this.direction, before), gapsOf(this.direction, record));
    if (gaps > 0) {
      const seconds = Math.max(record.seconds, before.seconds);
      const cause = causeBetween(before, record);
      const gap = { direction: this.direction, offset: null, seconds, cause };
      this.#gaps.add({ ...gap, time: isoTime(Date.parse(time)) }, gaps);
    }
    this.counters = record;
  }

  /** The bytes moved in the interval. */
  #bytesIn(record: Progress): number {
    const { interval_bytes_received: received, interval_bytes_sent: sent } = record;
    return (this.direction === 'in' ? received : sent) ?? 0;
  }
}

function rise(before = 0, after = 0): number {
  return Math.max(0, after - before);
}

/** The events of an interval. */
function causeBetween(before: Counters, after: Counters): string {
  const [then, now] = [failuresIn(before), failuresIn(after)];
  const causes = FAILURE_REASONS.filter((reason) => now[reason] > (then[reason] ?? 0));
  return causes.map(causeText).join(', ') || 'unknown';
}
