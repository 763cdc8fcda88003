import uPlot from 'uplot';
import type { BenchBar } from '../chart-data.js';
import { type Content, element, foreign, table } from './dom.js';
import { factsTable } from './facts.js';
import { axes, figure } from './figure.js';
import type { NamedFile } from './names.js';
import { MOST_NAMED } from './run-charts.js';
import { curveLook } from './theme.js';
import { byteAxis, largest, median, rateText, smallest } from './units.js';

interface Run {
  readonly file: NamedFile;
  readonly fileIndex: number;
  /** From 1, within its file. */
  readonly number: number;
  readonly bar: BenchBar;
}

/** The runs of `usbxfer bench`: a bar for each, and their numbers. */
export function benchSection(files: readonly NamedFile[]): {
  root: HTMLElement;
  draw: () => void;
} {
  const runs = files.flatMap((file, fileIndex) =>
    (file.bench ?? []).map((bar, i): Run => ({ file, fileIndex, number: i + 1, bar })),
  );
  const several = files.length > 1;
  const rates = runs.map(({ bar }) => bar.bytesPerSecond);
  const axis = byteAxis(largest(rates), '/s');
  const chart = figure(`Rate of each run, ${axis.unit}`, summaryOf(files), (theme, width) => {
    const [across, up] = axes(theme, axis);
    return new uPlot(
      {
        width,
        height: 260,
        padding: [8, 12, 0, 0],
        scales: {
          x: { time: false, range: [0.25, runs.length + 0.75] },
          y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
        },
        axes: [
          {
            ...across,
            grid: { show: false },
            space: 24,
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
            values: (_, marks) => marks.map((mark) => String(runs[mark - 1]?.number ?? '')),
          },
          { ...up },
        ],
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        series: [
          {
            label: 'run',
            value: (_, x) => (x === null ? '\u2013' : String(runs[x - 1]?.number ?? '')),
          },
          ...files.map((file, i): uPlot.Series => {
            const { colour } = curveLook(theme, i);
            return {
              ...{ label: file.label, stroke: colour, fill: colour, width: 0 },
              paths: uPlot.paths.bars?.({ size: [0.7, 72] }) ?? (() => null),
              points: { show: false },
              value: (_, y) => (y === null || y === undefined ? '\u2013' : rateText(y)),
            };
          }),
        ],
      },
      [
        runs.map((_, i) => i + 1),
        ...files.map((_, i) =>
          runs.map(({ fileIndex, bar }) => (fileIndex === i ? bar.bytesPerSecond : null)),
        ),
      ],
    );
  });
  const rows = runs.map(({ file, number, bar }): Content[] => [
    String(number),
    ...(several ? [foreign(file.label)] : []),
    rateText(bar.bytesPerSecond),
    `${bar.cpuSecondsPerGb.toFixed(2)} s`,
    ...[bar.intervalP50, bar.intervalP99, bar.intervalMax].map(milliseconds),
  ]);
  const root = element(
    'section',
    {},
    element('h2', {}, 'Bench'),
    factsTable('Totals', files),
    chart.root,
    table({
      caption: 'Time between two completions, and CPU time for each GB',
      head: [
        ...['run', ...(several ? ['file'] : []), 'rate', 'CPU per GB'],
        ...['interval p50', 'p99', 'max'],
      ],
      rows,
      classes: 'numbers',
    }),
  );
  return { root, draw: chart.draw };
}

/** The rates of each file, or of all together if they are many. */
function summaryOf(files: readonly NamedFile[]): string {
  const ratesOf = ({ bench }: NamedFile): number[] =>
    (bench ?? []).map(({ bytesPerSecond }) => bytesPerSecond);
  const ends = (rates: readonly number[]): string =>
    `lowest ${rateText(smallest(rates))}, highest ${rateText(largest(rates))}.`;
  if (files.length > MOST_NAMED) {
    return `${files.length} files: ${ends(files.flatMap(ratesOf))}`;
  }
  return files
    .map((file) => {
      const rates = ratesOf(file);
      const name = files.length === 1 ? '' : `${file.label}: `;
      const count = `${rates.length} ${rates.length === 1 ? 'run' : 'runs'}`;
      return `${name}${count}, median ${rateText(median(rates))}, ${ends(rates)}`;
    })
    .join(' ');
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(3)} ms`;
}
