import uPlot from 'uplot';
import { axes, endPadding, figure } from './figure.js';
import { type Column, columnsOf, type Line, nearestIndex, QUIET, textAt } from './lines.js';
import { curveLook, type Theme } from './theme.js';
import { secondsText, timeMark, type ValueAxis } from './units.js';
import type { View } from './view.js';

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

function createTimeChart(chart: TimeChart, view: View, theme: Theme, width: number): uPlot {
  const { columns, bands, data } = columnsOf(chart.lines, theme);
  const [across, up] = axes(theme, chart.axis);
  /** The last number beside the time axis. */
  let last = '';
  return new uPlot(
    {
      width,
      height: chart.height,
      padding: [8, () => endPadding(last), 0, 0],
      scales: {
        x: { time: false, range: () => [view.range.min, view.range.max] },
        y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
        marks: { range: [0, 1] },
      },
      axes: [
        {
          ...across,
          values: (_, marks, __, ___, distance) => {
            const texts = marks.map((mark) => timeMark(mark, distance));
            last = texts.at(-1) ?? '';
            return texts;
          },
        },
        { ...up },
      ],
      series: [
        { label: 'time', value: (_, x) => timeText(x, chart, view) },
        ...columns.map((column) => ({
          ...column.series,
          value: (_: uPlot, __: number, series: number, i: number | null) =>
            textAt(column, data, series, i),
        })),
      ],
      legend: {
        markers: {
          dash: (_, i) => {
            const { dash } = curveLook(theme, columns[i - 1]?.line.curve ?? 0);
            return dash.length === 0 ? 'solid' : dash[0] === 2 ? 'dotted' : 'dashed';
          },
        },
      },
      bands,
      cursor: cursorOf(columns, view),
      hooks: {
        setSelect: [(u) => zoomToSelection(u, view)],
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

function timeText(x: number | null, { clock }: TimeChart, { range }: View): string {
  if (x === null) {
    return '\u2013';
  }
  return secondsText(x, range.max - range.min) + (clock === undefined ? '' : ` (${clock(x)})`);
}

function cursorOf(columns: readonly Column[], view: View): uPlot.Cursor {
  return {
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
    points: { size: (_, i) => (columns[i - 1]?.series.class === QUIET ? 0 : 7) },
    dataIdx: (u, series, near, x) =>
      series === 0 ? near : nearestIndex(u, series, near, x, columns[series - 1]),
  };
}

function zoomToSelection(u: uPlot, view: View): void {
  const { left, width } = u.select;
  if (width > 0) {
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    view.show({ min: u.posToVal(left, 'x'), max: u.posToVal(left + width, 'x') });
  }
}
