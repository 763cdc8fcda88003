import { AMOUNT, object, SECONDS, type TypeOf } from '../record/shape.js';
import { binarySize, shortTime } from '../terminal/format.js';
import { GapList, narrow, partsOf, startOf, subjectOf, type ToRun } from './chart.js';
import type { ChartStream } from './chart-data.js';
import { counterFacts, directed, endFact, type Fact, gapCause } from './facts.js';
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

/** Returns the run in what `--json` of read, write or pipe printed. */
export function summaryResult(directions: readonly Direction[]): ToRun {
  return (fields, name, line) => {
    const head = narrow(fields, HEAD, name, line);
    const end = narrow(fields, END, name, line);
    const totals = partsOf<Total>(fields, directions, TOTAL, name, line);
    const gaps = new GapList();
    for (const [direction, total] of totals) {
      for (const gap of (direction === 'in' && total.gaps) || []) {
        gaps.add({ ...gap, direction, cause: gapCause(gap.cause) });
      }
    }
    const [first] = gaps.first;
    const gapCount = totals.reduce((sum, [direction, total]) => sum + gapsOf(direction, total), 0);
    return {
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
      gapCount: totals.some(([direction]) => direction === 'in')
        ? Math.max(gapCount, gaps.count)
        : null,
      bench: null,
      tune: null,
    };
  };
}

function totalFacts(direction: Direction, total: Total): Fact[] {
  const { peak_bytes_per_second: peak, buffered_peak_bytes: buffered } = total;
  const { p50, p99, max } = total.completion_interval_seconds;
  return [
    ...counterFacts(direction, total),
    ['peak rate', `${binarySize(peak)}/s`],
    ['peak buffered', binarySize(buffered)],
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
