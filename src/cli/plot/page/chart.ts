import uPlot from 'uplot';
import { element } from './dom.js';
import { currentTheme, curveLook, type Theme } from './theme.js';
import { secondsText, type ValueAxis } from './units.js';
import type { View } from './view.js';

/** A point that the mouse is at. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** Ends of the band, if there is one. */
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** A series of a chart. */
export interface Line {
  /** May come from a file. */
  readonly label: string;
  /** Rising. */
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  /** Ends of a band around a line. */
  readonly band?: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** Index of the curve, which decides about the colour; undefined for marks. */
  readonly curve?: number;
  /** A line, single sticks, or marks over the full height. */
  readonly shape: 'line' | 'sticks' | 'marks';
  /** Tells sticks of one colour apart. */
  readonly isHollow?: boolean;
  /** Text of a value. */
  readonly text: (point: Point) => string;
}

/** A chart over time. */
export interface TimeChart {
  readonly title: string;
  /** The main figures, for those who cannot see the chart. */
  readonly summary: string;
  /** Of the drawing, in pixels. */
  readonly height: number;
  readonly axis: ValueAxis;
  readonly lines: readonly Line[];
  /** The time of day at a second of the run; undefined if it is not known or not common to all files. */
  readonly clock: ((seconds: number) => string) | undefined;
}

/** Width of the drawing on paper, in CSS pixels: DIN A4 or US Letter with margins. */
const PAPER_WIDTH = 680;

/** Pixels beside a mark in which the mouse is at it. */
const REACH = 8;

/** A frame with a heading and a text, in which a chart can be drawn. Call `draw` when it is in the page. */
export function figure(
  title: string,
  summary: string,
  create: (theme: Theme, width: number) => uPlot,
): { root: HTMLElement; draw: () => void } {
  const host = element('div', { class: 'chart' });
  const root = element(
    'figure',
    {},
    element('figcaption', {}, element('h3', {}, title), element('p', {}, summary)),
    host,
  );
  let chart: uPlot | undefined;
  let width = 0;
  const draw = (): void => {
    chart?.destroy();
    const onPaper = document.documentElement.classList.contains('printing');
    width = onPaper ? PAPER_WIDTH : host.clientWidth;
    chart = create(currentTheme(), width);
    const { canvas } = chart.ctx;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `${title}: ${summary}`);
    host.append(chart.root);
    makeLegendUsable(chart);
  };
  new ResizeObserver(() => {
    const onPaper = document.documentElement.classList.contains('printing');
    if (chart !== undefined && !onPaper && host.clientWidth !== width) {
      width = host.clientWidth;
      chart.setSize({ width, height: chart.height });
    }
  }).observe(host);
  return { root, draw };
}

/** The entries of a legend show and hide their series. Makes that possible with the keyboard too. */
function makeLegendUsable(chart: uPlot): void {
  for (const [i, row] of [...chart.root.querySelectorAll('.u-legend .u-series')].entries()) {
    const label = row.querySelector('th');
    if (label !== null && i > 0 && !row.classList.contains('quiet')) {
      label.tabIndex = 0;
      label.title = 'Show or hide';
      label.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          label.click();
        }
      });
    }
  }
}

/** Axes that all charts have. */
export function axes(theme: Theme, value: ValueAxis): uPlot.Axis[] {
  const font = '12px system-ui, sans-serif';
  const common = {
    stroke: theme.text,
    font,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { stroke: theme.grid, width: 1, size: 5 },
  };
  return [
    { ...common, size: 32, space: 70 },
    {
      ...common,
      size: 56,
      space: 34,
      incrs: [...value.steps],
      values: (_, marks) => marks.map(value.mark),
    },
  ];
}

/** A chart over time, with the time that `view` shows. */
export function timeFigure(chart: TimeChart, view: View): { root: HTMLElement; draw: () => void } {
  const unit = chart.axis.unit === '' ? '' : `, ${chart.axis.unit}`;
  let current: uPlot | undefined;
  view.onChange(() => current?.setScale('x', view.range));
  return figure(chart.title + unit, chart.summary, (theme, width) => {
    current = createTimeChart(chart, view, theme, width);
    return current;
  });
}

/** One column of the data, and how it is drawn. */
interface Column {
  readonly series: uPlot.Series;
  readonly line: Line;
  /** Columns of the ends of the band. */
  readonly band: readonly [high: number, low: number] | undefined;
}

function createTimeChart(chart: TimeChart, view: View, theme: Theme, width: number): uPlot {
  // The bands come first: lines are drawn over them.
  const banded = chart.lines.flatMap((line) =>
    line.band === undefined ? [] : [{ line, band: line.band }],
  );
  const columns: Column[] = banded.flatMap(({ line }) => {
    const { colour } = curveLook(theme, line.curve ?? 0);
    const series = {
      ...{ label: '', class: 'quiet', stroke: `${colour}40`, width: 1, spanGaps: true },
      points: { show: false },
    };
    return [series, series].map((end) => ({ series: { ...end }, line, band: undefined }));
  });
  for (const line of chart.lines) {
    const at = banded.findIndex((one) => one.line === line);
    const band = at < 0 ? undefined : ([2 * at + 1, 2 * at + 2] as const);
    columns.push({ series: seriesOf(line, theme), line, band });
  }
  const tables = [
    ...banded.flatMap(({ line: { x }, band: { low, high } }) => [
      [x, high],
      [x, low],
    ]),
    ...chart.lines.map(({ x, y }) => [x, y]),
  ];
  const data = uPlot.join(tables as unknown as uPlot.AlignedData[]);
  const [times = []] = data;

  const pointAt = (column: Column, i: number): Point | undefined => {
    const y = data[columns.indexOf(column) + 1]?.[i];
    const [high, low] = (column.band ?? []).map((index) => data[index]?.[i] ?? undefined);
    return y === null || y === undefined ? undefined : { x: times[i] ?? 0, y, low, high };
  };
  for (const column of columns) {
    column.series.value = (_, __, ___, i) => {
      const point = i === null ? undefined : pointAt(column, i);
      return point === undefined ? '\u2013' : column.line.text(point);
    };
  }

  return new uPlot(
    {
      width,
      height: chart.height,
      padding: [8, 12, 0, 0],
      scales: {
        x: { time: false, range: () => [view.range.min, view.range.max] },
        y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
        marks: { range: [0, 1] },
      },
      axes: axes(theme, chart.axis),
      series: [
        {
          label: 'time',
          value: (_, x) => {
            const span = view.range.max - view.range.min;
            const clock = chart.clock === undefined ? '' : ` (${chart.clock(x)})`;
            return x === null ? '\u2013' : secondsText(x, span) + clock;
          },
        },
        ...columns.map(({ series }) => series),
      ],
      bands: banded.map(({ line }, i) => ({
        series: [2 * i + 1, 2 * i + 2],
        fill: `${curveLook(theme, line.curve ?? 0).colour}33`,
      })),
      cursor: {
        y: false,
        sync: {
          key: 'time',
          // The charts share a view: only the place of the mouse has to be passed on.
          filters: { pub: (type) => type.startsWith('mouse') && !/down|up/.test(type) },
        },
        drag: { x: true, y: false, dist: 4, setScale: false },
        bind: {
          dblclick: () => () => {
            view.reset();
            return null;
          },
        },
        points: { size: (_, i) => (columns[i - 1]?.series.class === 'quiet' ? 0 : 7) },
        dataIdx: (u, series, near, x) =>
          series === 0 ? near : nearestIndex(u, series, near, x, columns[series - 1]),
      },
      hooks: {
        setSelect: [
          (u) => {
            const { left, width: selected } = u.select;
            if (selected > 0) {
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              view.show({ min: u.posToVal(left, 'x'), max: u.posToVal(left + selected, 'x') });
            }
          },
        ],
        setSeries: [
          (u, i) => {
            const shown = i === null ? undefined : u.series[i]?.show;
            for (const end of columns[(i ?? 0) - 1]?.band ?? []) {
              u.setSeries(end, { show: shown !== false });
            }
          },
        ],
      },
    },
    data,
  );
}

function seriesOf(line: Line, theme: Theme): uPlot.Series {
  if (line.shape === 'marks') {
    return {
      ...{ label: line.label, scale: 'marks', stroke: theme.mark, fill: theme.mark, width: 0 },
      paths: sticks(1.5),
      points: { show: true, size: 7, width: 1, stroke: theme.mark, fill: theme.mark },
    };
  }
  const { colour, dash } = curveLook(theme, line.curve ?? 0);
  if (line.shape === 'sticks') {
    return {
      ...{ label: line.label, stroke: colour, fill: colour, width: 0 },
      paths: sticks(2),
      points: {
        ...{ show: true, size: 7, width: 1.5, stroke: colour },
        fill: line.isHollow ? theme.background : colour,
      },
    };
  }
  return { label: line.label, stroke: colour, dash, width: 1.75, spanGaps: true };
}

/** Bars of a fixed width in pixels. */
function sticks(width: number): uPlot.Series.PathBuilder {
  return uPlot.paths.bars?.({ size: [1, width, width] }) ?? (() => null);
}

/**
 * The index of the value of a series that is nearest to the mouse; null if the series has none there. The
 * series have different times, and the data has no value where only another series has one.
 */
function nearestIndex(
  u: uPlot,
  series: number,
  near: number,
  x: number,
  column: Column | undefined,
): number | null {
  const [times = []] = u.data;
  const values = u.data[series] ?? [];
  const isMissing = (i: number): boolean => values[i] === null || values[i] === undefined;
  let before = near;
  let after = near;
  while (before >= 0 && isMissing(before)) {
    before -= 1;
  }
  while (after < values.length && isMissing(after)) {
    after += 1;
  }
  const distance = (i: number): number => Math.abs((times[i] ?? Number.POSITIVE_INFINITY) - x);
  const index = distance(before) <= distance(after) ? before : after;
  if (column?.line.shape === 'line') {
    return before < 0 || after >= values.length ? null : index;
  }
  const pixels = u.valToPos(times[index] ?? 0, 'x') - u.valToPos(x, 'x');
  return distance(index) < Number.POSITIVE_INFINITY && Math.abs(pixels) <= REACH ? index : null;
}
