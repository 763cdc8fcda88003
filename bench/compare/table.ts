import { ratios, type Sample, sample } from '../sample.js';
import type { Run } from './run.js';

/** All runs of one program in one setting and at one place, in order of the rounds. */
export interface Series {
  /** What differs between the parts of a benchmark: the speed of the bus, or the number of processors. */
  readonly setting: string;
  readonly place: string;
  readonly program: string;
  readonly runs: readonly Run[];
}

/** Summary of a series. */
export interface Summary {
  readonly setting: string;
  readonly place: string;
  readonly program: string;
  readonly bytes: number;
  readonly rate: Sample;
  readonly wall: Sample;
  readonly cpu: Sample;
  readonly peakBytes: Sample;
  /** usbxfer's rate divided by this program's, for each round; undefined without runs of usbxfer. */
  readonly ratio: Sample | undefined;
}

/** Summarises a series and compares it with usbxfer's in the same setting and at the same place. */
export function summarize(series: Series, ours: Series | undefined): Summary {
  const { setting, place, program, runs } = series;
  const rates = runs.map(({ rate }) => rate);
  return {
    setting,
    place,
    program,
    bytes: runs[0]?.bytes ?? 0,
    rate: sample(rates),
    wall: sample(runs.map(({ wall }) => wall)),
    cpu: sample(runs.map(({ cpu }) => cpu)),
    peakBytes: sample(runs.map(({ peakBytes }) => peakBytes)),
    ratio:
      ours && ours !== series
        ? ratios(
            ours.runs.map(({ rate }) => rate),
            rates,
          )
        : undefined,
  };
}

const head = (placeKind: string) =>
  [
    `setting  ${placeKind.padEnd(6)}  program     MiB   MiB/s  (min–max)        usbxfer/it (min–max)`,
    '  wall s  CPU s  peak MiB',
  ].join('');

/** Formats the summaries as a table, medians first; `places` is the heading of the places. */
export function table(placeKind: string, summaries: readonly Summary[]): string {
  return [head(placeKind), ...summaries.map(row)].join('\n');
}

function row({ setting, place, program, bytes, ...samples }: Summary): string {
  const { rate, wall, cpu, peakBytes, ratio } = samples;
  const perSecond = (value: number) => (value / 1024 ** 2).toFixed(value < 1e7 ? 3 : 1);
  const mib = (value: number) => (value / 1024 ** 2).toFixed(value < 1024 ** 2 ? 2 : 0);
  return [
    setting.padEnd(7),
    place.padEnd(6),
    program.padEnd(10),
    mib(bytes).padStart(4),
    perSecond(rate.median).padStart(6),
    `(${perSecond(rate.min)}–${perSecond(rate.max)})`.padEnd(15),
    (ratio ? spread(ratio) : '').padEnd(20),
    wall.median.toFixed(2).padStart(6),
    cpu.median.toFixed(2).padStart(5),
    mib(peakBytes.median).padStart(8),
  ].join('  ');
}

function spread({ median, min, max }: Sample): string {
  const digits = median < 10 ? 2 : 0;
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
