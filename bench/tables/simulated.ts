import { binarySize } from '../../src/cli/terminal/format.js';

/** A run of `usbxfer bench` on the simulated devices. */
export interface SimulatedCase {
  readonly mode: 'read' | 'write' | 'loop';
  /** Transfers in flight. */
  readonly transfers: number;
  /** Bytes in each transfer. */
  readonly transferSize: number;
}

const KIB = 1024;
const SIZES = [512, 4 * KIB, 64 * KIB, 256 * KIB, KIB * KIB];
const DEPTHS = [1, 4, 16, 64];

/** The depth with all sizes, and the size with all depths. */
const DEPTH = 16;
const SIZE = 256 * KIB;

const OTHER_DEPTHS = DEPTHS.filter((transfers) => transfers !== DEPTH);

/** What is measured. */
export const CASES: readonly SimulatedCase[] = [
  ...SIZES.map((transferSize) => ({ mode: 'read' as const, transfers: DEPTH, transferSize })),
  ...OTHER_DEPTHS.map((transfers) => ({ mode: 'read' as const, transfers, transferSize: SIZE })),
  ...SIZES.map((transferSize) => ({ mode: 'write' as const, transfers: DEPTH, transferSize })),
  { mode: 'loop', transfers: DEPTH, transferSize: 64 * KIB },
];

/** The values of `usbxfer bench --json` over all runs. */
type Summary = Readonly<Record<string, { readonly median: number }>>;

/** The part of the result of `usbxfer bench --json` that is stored. */
export interface SimulatedResult {
  readonly mode: SimulatedCase['mode'];
  readonly transfers: number;
  readonly transfer_size: number;
  /** Number of runs. */
  readonly runs: number;
  readonly summary: Summary;
}

/** All results of `npm run bench:simulated`. */
export interface SimulatedResults {
  /** Of each case. */
  readonly runs: number;
  /** Of each run, as `--duration` takes it. */
  readonly duration: string;
  readonly cases: readonly SimulatedResult[];
}

/** The table of all cases in Markdown. */
export function simulatedTable({ cases }: SimulatedResults): string[] {
  return [
    '| mode | transfers | MiB/s | transfers/s | first byte | interval p50 | interval p99 | CPU s/GiB |',
    '|---|---|---|---|---|---|---|---|',
    ...cases.map(({ mode, transfers, transfer_size: size, summary }) => {
      const value = (name: string): number => summary[name]?.median ?? Number.NaN;
      const cells = [
        ...[mode, `${transfers} × ${binarySize(size)}`, mib(value('bytes_per_second')).toFixed(0)],
        ...[value('transfers_per_second').toFixed(0), milliseconds(value('first_byte_seconds'))],
        microseconds(value('interval_p50_seconds')),
        microseconds(value('interval_p99_seconds')),
        ((value('cpu_seconds_per_gb') * KIB ** 3) / 1e9).toFixed(2),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

/** The round trips through the simulated loopback, and how all was measured, in two sentences. */
export function roundTripText({ cases, runs, duration }: SimulatedResults, cpu: string): string[] {
  const { summary } = cases.find(({ mode }) => mode === 'loop') ?? {};
  const time = (name: string) =>
    microseconds(summary?.[`round_trip_${name}_seconds`]?.median ?? Number.NaN);
  return [
    `A message of 256 bytes takes ${time('p50')} through the simulated loopback (median), and ${time('p99')} at`,
    `the 99th percentile. These are medians of ${runs} runs of ${duration} each on one core of ${cpu}.`,
  ];
}

/** What `usbxfer bench read` receives with its default settings, in one sentence. */
export function defaultRateText({ cases }: SimulatedResults): string[] {
  const found = cases.find(
    ({ mode, transfers, transfer_size: size }) =>
      mode === 'read' && transfers === DEPTH && size === SIZE,
  );
  const rate = found?.summary['bytes_per_second']?.median ?? Number.NaN;
  return [
    `From a simulated device of unlimited rate, \`usbxfer bench read\` receives ${mib(rate).toFixed(0)} MiB/s`,
    'and discards the data (`npm run bench:simulated`).',
  ];
}

function mib(bytes: number): number {
  return bytes / KIB ** 2;
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(2)} ms`;
}

function microseconds(seconds: number): string {
  const value = seconds * 1e6;
  return `${value.toFixed(value >= 10 ? 0 : 1)} µs`;
}
