import { spreadOf } from '../bench/spread.js';
import { BOTTLENECKS } from '../bench/tune-report.js';
import {
  AMOUNT,
  FLAG,
  listOf,
  object,
  oneOf,
  optional,
  SECONDS,
  TEXT,
  type TypeOf,
} from '../record/shape.js';
import { binarySize, countOf } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import { type ChartRun, narrow, subjectOf } from './chart.js';
import type { TuneGrid } from './chart-data.js';
import { type Fact, sizeText, timeText } from './facts.js';
import { type Fields, lineError } from './objects.js';
import { DEVICE } from './shapes.js';

/** The most runs of bench, and the most candidates of tune: more than usbxfer makes. */
const MOST = 1000;

const MISTAKE = object({ run: AMOUNT, part: oneOf('messages', 'data'), offset: AMOUNT });

const BENCH = object({
  mode: oneOf('read', 'write', 'loop'),
  device: DEVICE,
  in: optional(TEXT),
  out: optional(TEXT),
  transfers: AMOUNT,
  transfer_size: AMOUNT,
  runs: listOf(
    object({
      bytes: AMOUNT,
      bytes_per_second: AMOUNT,
      cpu_seconds_per_gb: AMOUNT,
      interval_p50_seconds: SECONDS,
      interval_p99_seconds: SECONDS,
      interval_max_seconds: SECONDS,
      starved_seconds: SECONDS,
    }),
    MOST,
  ),
  first_mistake: optional(MISTAKE),
});

const CANDIDATE = object({
  transfers: AMOUNT,
  transfer_size: AMOUNT,
  bytes_per_second: object({ median: AMOUNT, min: AMOUNT, max: AMOUNT }),
  starved_seconds: SECONDS,
});

const TUNE = object({
  device: DEVICE,
  endpoint: TEXT,
  best: CANDIDATE,
  options: TEXT,
  bottleneck: oneOf('bus', 'host', 'settings', 'device'),
  certain: FLAG,
  rounds: AMOUNT,
  bytes_discarded: AMOUNT,
  candidates: listOf(CANDIDATE, MOST),
});

/** What is not in a result: it has no curves. */
const NO_CURVES = { startTime: null, streams: [], gaps: [], gapCount: null };

/** @throws CliError for anything other than the object of `bench --json` */
export function benchResult(fields: Fields, name: string, line: number): ChartRun {
  const bench = narrow(fields, BENCH, name, line);
  const { device, in: received, out: sent, runs } = bench;
  if (runs.length === 0) {
    const mistake = bench.first_mistake ? `, because ${mistakeText(bench.first_mistake)}` : '';
    throw lineError(
      name,
      line,
      `the result has no complete run${mistake}`,
      'there is nothing to draw; run usbxfer bench again',
    );
  }
  return {
    ...NO_CURVES,
    kind: 'bench',
    subject: subjectOf(device, received, sent),
    facts: benchFacts(bench),
    bench: runs.map((run) => ({
      bytesPerSecond: run.bytes_per_second,
      cpuSecondsPerGb: run.cpu_seconds_per_gb,
      intervalP50: run.interval_p50_seconds,
      intervalP99: run.interval_p99_seconds,
      intervalMax: run.interval_max_seconds,
    })),
    tune: null,
  };
}

function benchFacts(bench: TypeOf<typeof BENCH>): Fact[] {
  const { mode, transfers, transfer_size: size, runs, first_mistake: mistake } = bench;
  const { median, min, max } = spreadOf(runs.map((run) => run.bytes_per_second));
  const bytes = runs.reduce((sum, run) => sum + run.bytes, 0);
  const starved = runs.reduce((sum, run) => sum + run.starved_seconds, 0);
  return [
    ['mode', mode],
    ['transfers', `${transfers} x ${binarySize(size)}`],
    ['runs', String(runs.length)],
    ['bytes', sizeText(bytes)],
    ['rate', `${binarySize(median)}/s, ${binarySize(min)}/s to ${binarySize(max)}/s`],
    ['queue empty', timeText(starved)],
    ...(mistake ? [['failure', mistakeText(mistake)] as const] : []),
  ];
}

/** `run 2 received wrong data at byte 9` */
function mistakeText({ run, part, offset }: TypeOf<typeof MISTAKE>): string {
  const place = part === 'messages' ? ' of its single messages' : '';
  return `run ${run} received wrong data at byte ${offset}${place}`;
}

/** @throws CliError for anything other than the object of `tune --json` */
export function tuneResult(fields: Fields, name: string, line: number): ChartRun {
  const tune = narrow(fields, TUNE, name, line);
  const grid = gridOf(tune);
  if (grid.best < 0) {
    throw lineError(name, line, 'best is not one of the candidates');
  }
  return {
    ...NO_CURVES,
    kind: 'tune',
    subject: subjectOf(tune.device, tune.endpoint),
    facts: [
      ['best', grid.options],
      ['rate', `${binarySize(tune.best.bytes_per_second.median)}/s`],
      ['rounds', `${tune.rounds}${tune.certain ? '' : ', not certain: some rates overlap'}`],
      ['bytes read', sizeText(tune.bytes_discarded)],
    ],
    bench: null,
    tune: grid,
  };
}

function gridOf({
  candidates,
  best,
  options,
  bottleneck,
  certain,
  rounds,
}: TypeOf<typeof TUNE>): TuneGrid {
  const sizes = distinct(candidates.map(({ transfer_size: size }) => size));
  const depths = distinct(candidates.map(({ transfers }) => transfers));
  const doubt = certain ? '' : `, but this is not certain after ${countOf(rounds, 'round')}`;
  return {
    sizes,
    depths,
    cells: candidates.map((candidate) => ({
      size: sizes.indexOf(candidate.transfer_size),
      depth: depths.indexOf(candidate.transfers),
      ...candidate.bytes_per_second,
      starvedSeconds: candidate.starved_seconds,
    })),
    best: candidates.findIndex(
      ({ transfers, transfer_size: size }) =>
        transfers === best.transfers && size === best.transfer_size,
    ),
    options: sanitize(options),
    verdict: `${BOTTLENECKS[bottleneck]}${doubt}`,
  };
}

/** Each value once, rising. */
function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
