import { AMOUNT, object, SECONDS, type Shape, type TypeOf } from '../record/shape.js';
import { binarySize, shortTime } from '../terminal/format.js';
import { type Chart, GapList, narrow, runName, startOf, subjectOf } from './chart.js';
import type { ChartFile, ChartStream } from './chart-data.js';
import { counterFacts, directed, endFact, type Fact, gapCause } from './facts.js';
import type { Fields } from './objects.js';
import { type Counters, DEVICE, type Direction, END, gapsOf, TOTAL } from './shapes.js';

/** The directions of the summary that each schema has. */
export const SUMMARY_SCHEMAS = {
  'usbxfer.read/2': ['in'],
  'usbxfer.write/2': ['out'],
  'usbxfer.pipe/2': ['in', 'out'],
} as const satisfies Readonly<Record<string, readonly Direction[]>>;

type Total = Counters &
  TypeOf<typeof TOTAL.out | typeof TOTAL.in> & { readonly gaps?: TypeOf<typeof TOTAL.in>['gaps'] };

const HEAD = object({ device: DEVICE, cpu_seconds: SECONDS, peak_memory_bytes: AMOUNT });

const BOTH: Shape<Readonly<Record<Direction, Total>>> = object(TOTAL);

/** What `--json` of read, write or pipe printed. */
export class SummaryChart implements Chart {
  readonly #name: string;
  readonly #directions: readonly Direction[];
  readonly #runs: Omit<ChartFile, 'name'>[] = [];

  constructor(name: string, directions: readonly Direction[]) {
    this.#name = name;
    this.#directions = directions;
  }

  get runs(): number {
    return this.#runs.length;
  }

  add(fields: Fields, line: number): void {
    const head = narrow(fields, HEAD, this.#name, line);
    const end = narrow(fields, END, this.#name, line);
    const totals = this.#totals(fields, line);
    const gaps = new GapList();
    for (const [direction, total] of totals) {
      for (const gap of (direction === 'in' && total.gaps) || []) {
        gaps.add({ ...gap, direction, cause: gapCause(gap.cause) });
      }
    }
    const [first] = gaps.first;
    const gapCount = totals.reduce((sum, [direction, total]) => sum + gapsOf(direction, total), 0);
    this.#runs.push({
      kind: 'summary',
      subject: subjectOf(head.device, ...totals.map(([, { endpoint }]) => endpoint)),
      startTime: first?.time ? startOf(first.time, first.seconds ?? 0) : null,
      facts: [
        ...totals.flatMap(([direction, total]) =>
          totals.length === 1
            ? totalFacts(direction, total)
            : directed(direction, totalFacts(direction, total)),
        ),
        endFact(end),
        ['CPU time', shortTime(head.cpu_seconds)],
        ['memory', `${binarySize(head.peak_memory_bytes)} peak`],
      ],
      streams: totals.map(([direction, total]) => streamOf(direction, total)),
      gaps: gaps.first,
      gapCount: Math.max(gapCount, gaps.count),
      bench: null,
      tune: null,
    });
  }

  finish(name: string): ChartFile[] {
    return this.#runs.map((run, i) => ({
      name: runName(name, i + 1, this.#runs.length),
      ...run,
    }));
  }

  #totals(fields: Fields, line: number): readonly (readonly [Direction, Total])[] {
    const [only, other] = this.#directions;
    if (only !== undefined && other === undefined) {
      const shape: Shape<Total> = TOTAL[only];
      return [[only, narrow(fields, shape, this.#name, line)]];
    }
    const both = narrow(fields, BOTH, this.#name, line);
    return this.#directions.map((direction) => [direction, both[direction]]);
  }
}

function totalFacts(direction: Direction, total: Total): Fact[] {
  const { peak_bytes_per_second: peak, buffered_peak_bytes: buffered } = total;
  const { p50, p99, max } = total.completion_interval_seconds;
  return [
    ...counterFacts(direction, total),
    ['peak rate', `${binarySize(peak)}/s`],
    ['peak backlog', binarySize(buffered)],
    ['interval', `p50 ${shortTime(p50)}, p99 ${shortTime(p99)}, max ${shortTime(max)}`],
  ];
}

/** A summary has no curve: its mean and its peak from the start to the end. */
function streamOf(direction: Direction, total: Total): ChartStream {
  const { seconds, bytes_per_second: mean, peak_bytes_per_second: peak } = total;
  return {
    direction,
    seconds: seconds > 0 ? [0, seconds] : [],
    ...{ rateMean: [mean, mean], rateMin: [mean, mean], rateMax: [peak, peak] },
    ...{ buffered: [], starved: [], statuses: [] },
  };
}
