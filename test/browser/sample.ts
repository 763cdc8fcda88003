import type { ChartData, ChartFile, ChartGap, ChartStream } from '../../src/cli/plot/chart-data.js';

const MIB = 1024 * 1024;

/** How a run is made up. */
interface RunOptions {
  readonly name?: string;
  readonly buckets?: number;
  /** Distance of two buckets, in seconds. */
  readonly interval?: number;
  /** Bytes per second. */
  readonly rate?: number;
  readonly gaps?: number;
  readonly seed?: number;
}

/** Data that is the same each time, and similar to that of a run. */
export function sampleStream(options: RunOptions = {}): ChartStream {
  const { buckets = 200, interval = 0.05, rate = 40 * MIB, seed = 1 } = options;
  const at = (i: number): number =>
    Math.abs(Math.sin(i * 12.9898 + seed * 78.233) * 43758.5453) % 1;
  const indexes = Array.from({ length: buckets }, (_, i) => i);
  const mean = indexes.map((i) => rate * (0.9 + 0.1 * Math.sin(i / 20 + seed) + 0.02 * at(i)));
  return {
    direction: 'in',
    seconds: indexes.map((i) => (i + 0.5) * interval * (1 + seed / 1000)),
    rateMean: mean,
    rateMin: mean.map((value, i) => value * (0.9 - 0.2 * at(i + 1))),
    rateMax: mean.map((value, i) => value * (1.05 + 0.1 * at(i + 2))),
    buffered: indexes.map((i) => Math.round(at(i + 3) * 4 * MIB)),
    starved: indexes.map((i) => (i % 50 > 40 ? at(i) / 5 : 0)),
    statuses: [
      { status: 'completed', counts: indexes.map(() => 16) },
      { status: 'timed-out', counts: indexes.map((i) => (i % 60 === 30 ? 3 : 0)) },
      { status: 'stall', counts: indexes.map((i) => (i % 90 === 45 ? 1 : 0)) },
    ],
  };
}

/** Gaps at equal distances within `seconds`. */
function sampleGaps(count: number, seconds: number): ChartGap[] {
  return Array.from({ length: count }, (_, i) => ({
    direction: 'in',
    offset: (i + 1) * 8 * MIB,
    seconds: ((i + 1) / (count + 1)) * seconds,
    time: new Date(Date.UTC(2026, 10, 29, 14, 3, 4) + i * 1000).toISOString(),
    cause: i % 2 === 0 ? 'stall' : 'overflow',
  }));
}

const FILE: ChartFile = {
  ...{ name: 'run.jsonl', kind: 'stats', subject: '1234:5678 0x81' },
  startTime: '2026-11-29T14:03:00.000Z',
  ...{ facts: [], streams: [], gaps: [], gapCount: 0, bench: null, tune: null },
};

/** A file with the records of a run. */
export function runFile(options: RunOptions = {}): ChartFile {
  const { name = 'run.jsonl', buckets = 200, interval = 0.05, gaps = 3 } = options;
  return {
    ...FILE,
    name,
    facts: [
      ['received', '412 MiB'],
      ['rate', '41.2 MiB/s on average'],
      ['duration', '10.0 s'],
    ],
    streams: [sampleStream(options)],
    gaps: sampleGaps(gaps, buckets * interval),
    gapCount: gaps,
  };
}

/** A file with the result of `usbxfer bench`. */
export function benchFile(name = 'bench.json', runs = 10): ChartFile {
  return {
    ...FILE,
    ...{ name, kind: 'bench', facts: [['runs', String(runs)]] },
    bench: Array.from({ length: runs }, (_, i) => ({
      bytesPerSecond: (38 + ((i * 7) % 5)) * MIB,
      ...{ cpuSecondsPerGb: 0.41, intervalP50: 0.0062, intervalP99: 0.0071 },
      intervalMax: 0.0123,
    })),
  };
}

/** A file with the result of `usbxfer tune`. */
export function tuneFile(name = 'tune.json'): ChartFile {
  const cells = [0, 1, 2].flatMap((size) =>
    [0, 1, 2, 3].map((depth) => {
      const median = (10 + size * 8 + depth * 5) * MIB;
      const range = { min: median * 0.95, max: median * 1.05 };
      return { size, depth, median, ...range, starvedSeconds: depth === 0 ? 0.12 : 0 };
    }),
  );
  return {
    ...FILE,
    ...{ name, kind: 'tune', facts: [['bytes discarded', '1.20 GiB']] },
    tune: {
      sizes: [16384, 65536, 262144],
      depths: [1, 4, 16, 32],
      cells: cells.slice(0, -1),
      best: 10,
      options: '--transfers 16 --transfer-size 256KiB',
      verdict: 'the device is the limit: it sends no more',
    },
  };
}

/** All that a page is made of. */
export function chartData(...files: readonly ChartFile[]): ChartData {
  return { version: '0.1.0', created: '2026-11-30T09:00:00.000Z', files };
}
