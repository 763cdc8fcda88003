import { formatEndpoint } from '../../usb/format.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { identityRecord } from '../devices/record.js';
import { binarySize, shortTime } from '../terminal/format.js';
import { table } from '../terminal/table.js';
import type { WrongData } from './failure.js';
import type { RoundTrips } from './loop.js';
import type { Measurement, RunPlan } from './measure.js';
import { type Mistake, type Pattern, patternName } from './pattern.js';
import { bar, type Spread, spreadOf } from './spread.js';

/** What `usbxfer bench` measures: an IN endpoint, an OUT endpoint, or a loopback. */
export type BenchMode = 'read' | 'write' | 'loop';

/** One run, and its round trips if it was a loopback. */
export interface BenchRun extends Measurement {
  readonly roundTrips?: RoundTrips;
}

/** A wrong byte, the number of its run, from 1, and what its offset counts. */
interface MistakeInRun extends Mistake {
  readonly run: number;
  readonly part: WrongData['part'];
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
  /** The complete runs. */
  readonly runs: readonly BenchRun[];
  /** The first wrong byte. */
  readonly mistake: MistakeInRun | undefined;
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
  ['first_byte_seconds', 'first byte', (run) => run.firstByte, shortTime],
  ['interval_p50_seconds', 'interval p50', (run) => run.intervals.p50, shortTime],
  ['interval_p99_seconds', 'interval p99', (run) => run.intervals.p99, shortTime],
  ['interval_p999_seconds', 'interval p99.9', (run) => run.intervals.p999, shortTime],
  ['interval_max_seconds', 'interval max', (run) => run.intervals.max, shortTime],
  ['cpu_seconds_per_gb', 'CPU', (run) => run.cpuPerGigabyte, showCpu],
  ['starved_seconds', 'queue empty', (run) => run.empty, shortTime],
];

const ROUND_TRIPS: readonly Column[] = (['p50', 'p99', 'p999', 'max'] as const).map((key) => [
  `round_trip_${key}_seconds`,
  `round trip ${key === 'p999' ? 'p99.9' : key}`,
  ({ roundTrips }) => roundTrips?.[key] ?? 0,
  shortTime,
]);

/** The columns of a bar. */
const BAR_WIDTH = 20;

function columnsOf({ mode }: BenchResult): readonly Column[] {
  return mode === 'loop' ? [...COLUMNS, ...ROUND_TRIPS] : COLUMNS;
}

/** The complete runs as text, at least one: a bar for each, and the median and the ends of each value. */
export function benchText(result: BenchResult, unicode: boolean): string {
  const { runs } = result;
  const fastest = Math.max(...runs.map(({ bytesPerSecond }) => bytesPerSecond));
  const bars = runs.map(({ bytesPerSecond }, i) => [
    `run ${i + 1}`,
    bar(bytesPerSecond / fastest, BAR_WIDTH, unicode),
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
  const { mode, device, in: received, out: sent, plan, expected, runs, mistake } = result;
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
    summary:
      runs.length === 0
        ? null
        : Object.fromEntries(
            columns.map(([key, , of]): [string, Spread] => [key, spreadOf(runs.map(of))]),
          ),
    first_mistake: mistake ?? null,
  };
}

/** CPU time in the units of the other values: for each GiB. */
function showCpu(secondsPerGigabyte: number): string {
  return `${((secondsPerGigabyte * 1024 ** 3) / 1e9).toFixed(2)} s/GiB`;
}
