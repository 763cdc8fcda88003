import { type Sample, sample } from '../sample.js';

/** Output of `latencies` for one run, in microseconds. */
export interface Latencies {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The runs of one program in one setting, in order of the rounds. */
export interface Series {
  readonly setting: string;
  readonly program: string;
  readonly runs: Latencies[];
}

/** Summary of a series: each figure over the rounds. */
export interface Summary extends Record<Figure, Sample> {
  readonly setting: string;
  readonly program: string;
}

const FIGURES = ['min', 'p50', 'p99', 'max'] as const;
type Figure = (typeof FIGURES)[number];

/** Summarises a series. */
export function summarize({ setting, program, runs }: Series): Summary {
  const over = (figure: Figure) => sample(runs.map((run) => run[figure]));
  return {
    setting,
    program,
    min: over('min'),
    p50: over('p50'),
    p99: over('p99'),
    max: over('max'),
  };
}

/** Formats the summaries as a table in milliseconds, medians first. */
export function table(summaries: readonly Summary[]): string {
  const titles = FIGURES.map((figure) => `${figure} ms (rounds)`);
  return [
    line('setting', 'program', titles),
    ...summaries.map((summary) =>
      line(
        summary.setting,
        summary.program,
        FIGURES.map((figure) => cell(summary[figure])),
      ),
    ),
  ].join('\n');
}

function line(setting: string, program: string, cells: readonly string[]): string {
  const start = `${setting.padEnd(7)}  ${program.padEnd(7)}`;
  return [start, ...cells.map((text) => text.padEnd(20))].join('  ').trimEnd();
}

function cell({ median, min, max }: Sample): string {
  const milliseconds = (value: number) => (value / 1000).toFixed(2);
  return `${milliseconds(median)} (${milliseconds(min)}–${milliseconds(max)})`;
}
