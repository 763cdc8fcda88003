import uPlot from 'uplot';
import { curveLook, type Theme } from './theme.js';

/** With more marks in view, they are short: high ones would hide the curves. */
const MOST_HIGH_MARKS = 40;

/** Pixels beside a mark in which the mouse is at it. */
const REACH = 8;

/** Class of series without an entry in the legend and without a point at the mouse. */
export const QUIET = 'quiet';

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

/** One column of the data, and how it is drawn. */
export interface Column {
  readonly series: uPlot.Series;
  readonly line: Line;
  /** Columns of the ends of the band. */
  readonly band: readonly [high: number, low: number] | undefined;
}

/** What uPlot draws for lines. The first column of its data, the times, is not among the columns. */
export interface Columns {
  readonly columns: readonly Column[];
  readonly bands: uPlot.Band[];
  readonly data: uPlot.AlignedData;
}

/** Makes columns of lines, and joins their times. */
export function columnsOf(lines: readonly Line[], theme: Theme): Columns {
  // The ends of bands come first: lines are drawn over them.
  const banded = lines.flatMap((line) =>
    line.band === undefined ? [] : [{ line, band: line.band }],
  );
  const columns: Column[] = banded.flatMap(({ line }) => {
    const ends = [endOfBand(line, theme), endOfBand(line, theme)];
    return ends.map((series) => ({ series, line, band: undefined }));
  });
  for (const line of lines) {
    const at = banded.findIndex((one) => one.line === line);
    const band = at < 0 ? undefined : ([2 * at + 1, 2 * at + 2] as const);
    columns.push({ series: seriesOf(line, theme), line, band });
  }
  const tables = [
    ...banded.flatMap(({ line: { x }, band: { low, high } }) => [
      [x, high],
      [x, low],
    ]),
    ...lines.map(({ x, y }) => [x, y]),
  ];
  return {
    columns,
    bands: banded.map(({ line }, i) => ({
      series: [2 * i + 1, 2 * i + 2],
      fill: `${curveLook(theme, line.curve ?? 0).colour}33`,
    })),
    // uPlot's types do not know that it leaves its input unchanged.
    data: uPlot.join(tables as unknown as uPlot.AlignedData[]),
  };
}

/** The text of a value of a column; a dash if it has none there. */
export function textAt(
  { line, band }: Column,
  data: uPlot.AlignedData,
  series: number,
  i: number | null,
): string {
  const at = (column: number | undefined): number | undefined =>
    i === null || column === undefined ? undefined : (data[column]?.[i] ?? undefined);
  const [x, y] = [at(0), at(series)];
  return x === undefined || y === undefined
    ? '\u2013'
    : line.text({ x, y, high: at(band?.[0]), low: at(band?.[1]) });
}

function endOfBand({ curve = 0 }: Line, theme: Theme): uPlot.Series {
  const { colour } = curveLook(theme, curve);
  return {
    ...{ label: '', class: QUIET, stroke: `${colour}40`, width: 1, spanGaps: true },
    points: { show: false },
  };
}

function seriesOf(line: Line, theme: Theme): uPlot.Series {
  if (line.shape === 'marks') {
    return {
      ...{ label: line.label, scale: 'marks', stroke: theme.mark, fill: theme.mark, width: 0 },
      paths: sticks(1.5),
      fillTo: (u) => (shownOf(line, u) > MOST_HIGH_MARKS ? 0.9 : 0),
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

/** Points of a line in the time that is shown. */
function shownOf({ x }: Line, { scales }: uPlot): number {
  const { min = 0, max = 0 } = scales['x'] ?? {};
  return x.filter((seconds) => seconds >= min && seconds <= max).length;
}

/** Bars of a fixed width in pixels. */
function sticks(width: number): uPlot.Series.PathBuilder {
  return uPlot.paths.bars?.({ size: [1, width, width] }) ?? (() => null);
}

/**
 * The index of the value of a series that is nearest to the mouse; null if the series has none there. The
 * series have different times, and the data has no value where only another series has one.
 */
export function nearestIndex(
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
