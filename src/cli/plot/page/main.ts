import type { ChartData } from '../chart-data.js';
import { benchSection } from './bench.js';
import { element, foreign } from './dom.js';
import { factsSection } from './facts.js';
import { gapSection } from './gaps.js';
import { type Curve, curvesOf, type NamedFile, nameFiles } from './names.js';
import { runCharts, timeOf } from './run-charts.js';
import { onThemeChange } from './theme.js';
import { timeFigure } from './time-chart.js';
import { tuneSection } from './tune.js';
import { clockText } from './units.js';
import { toolbar, View } from './view.js';

/** Draws a chart; called again when the colours have changed. */
type Draw = () => void;

const data: ChartData = JSON.parse(document.getElementById('data')?.textContent ?? '');
const main = document.querySelector('main') ?? document.body;
const draws: Draw[] = [];
const files = nameFiles(data.files);

main.append(heading());
addRuns(files.filter(({ kind }) => kind === 'stats' || kind === 'summary' || kind === 'index'));
addBench(files.filter(({ bench }) => bench !== null));
for (const file of files) {
  if (file.tune !== null) {
    main.append(tuneSection(file, file.tune, files.length === 1));
  }
}
const drawAll = (): void => {
  for (const draw of draws) {
    draw();
  }
};
drawAll();
onThemeChange(drawAll);

function heading(): HTMLElement {
  const [first] = files;
  const title = files.length === 1 && first ? first.label : `${files.length} files`;
  document.title = `${title} \u2013 usbxfer`;
  const names = files.flatMap(({ label }, i) => [i === 0 ? '' : ', ', foreign(label)]);
  return element(
    'header',
    {},
    element('h1', {}, foreign(title)),
    ...(files.length > 1 ? [element('p', { class: 'files' }, ...names)] : []),
    element(
      'p',
      { class: 'origin' },
      `Written by usbxfer ${data.version} on ${clockText(data.created).replace(/\.\d+$/, '')} UTC`,
    ),
  );
}

function addRuns(runs: readonly NamedFile[]): void {
  if (runs.length === 0) {
    return;
  }
  main.append(factsSection(runs.length === 1 ? 'Run' : 'Runs', runs));
  const curves = curvesOf(runs);
  if (curves.length > 0) {
    const view = new View(timeOf(curves, runs));
    main.append(chartSection(curves, runs, view));
    addGaps(runs, view);
  } else {
    addGaps(runs, undefined);
  }
}

function chartSection(
  curves: readonly Curve[],
  runs: readonly NamedFile[],
  view: View,
): HTMLElement {
  const charts = element('section', { class: 'charts' }, element('h2', {}, 'Over time'));
  charts.append(element('p', {}, 'Seconds since the first submission.'), toolbar(view));
  for (const chart of runCharts(curves, runs)) {
    const { root, draw } = timeFigure(chart, view);
    charts.append(root);
    draws.push(draw);
  }
  return charts;
}

function addGaps(runs: readonly NamedFile[], view: View | undefined): void {
  if (runs.some(({ gapCount }) => gapCount !== null)) {
    main.append(gapSection(runs, view));
  }
}

function addBench(measured: readonly NamedFile[]): void {
  if (measured.length > 0) {
    const { root, draw } = benchSection(measured);
    main.append(root);
    draws.push(draw);
  }
}
