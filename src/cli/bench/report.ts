import { formatEndpoint } from '../../usb/format.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { identityRecord } from '../devices/record.js';
import { binarySize } from '../terminal/format.js';
import { table } from '../terminal/table.js';
import type { Measurement, Percentiles, RoundTrips, RunPlan } from './measure.js';
import { type Mistake, type Pattern, patternName } from './pattern.js';
import { bar, type Spread, spreadOf } from './spread.js';

/** What `usbxfer bench` measures: an IN endpoint, an OUT endpoint, or a loopback. */
export type BenchMode = 'read' | 'write' | 'loop';

/** One run, and its round trips if it was a loopback. */
export interface BenchRun extends Measurement {
  readonly roundTrips?: RoundTrips;
}

/** Everything that `usbxfer bench` prints. */
export interface BenchResult {
  readonly mode: BenchMode;
  readonly device: DeviceInfo;
  readonly in?: EndpointLocation;
  readonly out?: EndpointLocation;
  readonly plan: RunPlan;
  /** What the data was compared with; undefined for nothing. */
  readonly expected: Pattern | undefined;
  readonly runs: readonly BenchRun[];
}

/** A value of each run, its name in JSON and in the text, and how to show it. */
type Column = readonly [key: string, label: string, of: (run: BenchRun) => number, Show];

type Show = (value: number) => string;

const COLUMNS: readonly Column[] = [
  ['bytes_per_second', 'rate', (run) => run.bytesPerSecond, (value) => `${binarySize(value)}/s`],
  [
    'transfers_per_second',
    'transfers',
    (run) => run.transfersPerSecond,
    (n) => `${n.toFixed(0)}/s`,
  ],
  ['first_byte_seconds', 'first byte', (run) => run.firstByte, showTime],
  ['interval_p50_seconds', 'interval p50', (run) => run.intervals.p50, showTime],
  ['interval_p99_seconds', 'interval p99', (run) => run.intervals.p99, showTime],
  ['interval_p999_seconds', 'interval p99.9', (run) => run.intervals.p999, showTime],
  ['interval_max_seconds', 'interval max', (run) => run.intervals.max, showTime],
  ['cpu_seconds_per_gb', 'CPU', (run) => run.cpuPerGigabyte, (value) => `${value.toFixed(2)} s/GB`],
  ['starved_seconds', 'queue empty', (run) => run.empty, showTime],
];

const ROUND_TRIPS: readonly Column[] = (['p50', 'p99', 'p999', 'max'] as const).map((key) => [
  `round_trip_${key}_seconds`,
  `round trip ${key === 'p999' ? 'p99.9' : key}`,
  ({ roundTrips }) => roundTrips?.[key] ?? 0,
  showTime,
]);

function columnsOf({ mode }: BenchResult): readonly Column[] {
  return mode === 'loop' ? [...COLUMNS, ...ROUND_TRIPS] : COLUMNS;
}

/** The first mistake, and the number of its run. */
export function firstMistake(
  runs: readonly BenchRun[],
): (Mistake & { readonly run: number }) | undefined {
  const found = runs.map(({ mistake, roundTrips }, i) => {
    const first = mistake ?? roundTrips?.mistake;
    return first && { ...first, run: i + 1 };
  });
  return found.find((mistake) => mistake !== undefined);
}

/** The result as text: a bar for each run, and the median and the ends of each value. */
export function benchText(result: BenchResult, unicode: boolean): string {
  const { runs } = result;
  const fastest = Math.max(...runs.map(({ bytesPerSecond }) => bytesPerSecond));
  const bars = runs.map(({ bytesPerSecond }, i) => [
    `run ${i + 1}`,
    bar(bytesPerSecond / fastest, unicode),
    `${binarySize(bytesPerSecond)}/s`,
  ]);
  const rows = columnsOf(result).map(([, label, of, show]) => {
    const { median, min, max } = spreadOf(runs.map(of));
    return [label, ...[median, min, max].map(show)];
  });
  return [...table(bars), '', ...table([['', 'median', 'min', 'max'], ...rows])].join('\n');
}

/** The result in the format of schema/bench.schema.json. */
export function benchRecord(result: BenchResult): Record<string, unknown> {
  const { mode, device, in: received, out: sent, plan, expected, runs } = result;
  const columns = columnsOf(result);
  return {
    schema: 'usbxfer.bench/1',
    mode,
    device: identityRecord(device),
    in: received ? formatEndpoint(received.endpoint.address) : null,
    out: sent ? formatEndpoint(sent.endpoint.address) : null,
    transfers: plan.depth,
    transfer_size: plan.transferSize,
    verify: expected === undefined ? null : patternName(expected),
    runs: runs.map((run) => ({
      ...{ bytes: run.bytes, seconds: run.seconds, transfers: run.transfers },
      ...Object.fromEntries(columns.map(([key, , of]) => [key, of(run)])),
      round_trips: run.roundTrips?.count ?? null,
    })),
    summary: Object.fromEntries(
      columns.map(([key, , of]): [string, Spread] => [key, spreadOf(runs.map(of))]),
    ),
    first_mistake: firstMistake(runs) ?? null,
  };
}

/** A time with three digits: `12.3 ms`. */
function showTime(seconds: Percentiles['max']): string {
  const [factor, unit] =
    seconds >= 1 ? [1, 's'] : seconds >= 1e-3 ? [1e3, 'ms'] : ([1e6, 'µs'] as const);
  const value = seconds * factor;
  return `${value.toFixed(value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}
