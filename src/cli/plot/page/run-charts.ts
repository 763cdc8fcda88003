import { binarySize } from '../../terminal/format.js';
import { MOST_BANDS } from '../chart-data.js';
import { gapMarks } from './gaps.js';
import type { Line } from './lines.js';
import type { Curve, NamedFile } from './names.js';
import type { TimeChart } from './time-chart.js';
import {
  byteAxis,
  COUNT_AXIS,
  clockText,
  largest,
  median,
  PERCENT_AXIS,
  percentText,
  rateText,
  smallest,
} from './units.js';
import type { Range } from './view.js';

/** With more curves, a text does not name each of them. */
export const MOST_NAMED = 4;

/** The time of all curves and gaps, from the first submission. */
export function timeOf(curves: readonly Curve[], files: readonly NamedFile[]): Range {
  const ends = curves.map(({ stream: { seconds } }) => seconds.at(-1) ?? 0);
  const gaps = files.flatMap(({ gaps: all }) => all.map(({ seconds }) => seconds ?? 0));
  const max = largest([...ends, ...gaps]);
  return { min: 0, max: max > 0 ? max : 1 };
}

/** The charts of runs for which the files have data. */
export function runCharts(curves: readonly Curve[], files: readonly NamedFile[]): TimeChart[] {
  const clock = clockOf(files);
  return [
    rateChart(curves, files),
    bufferChart(curves),
    emptyQueueChart(curves),
    statusChart(curves),
  ].flatMap((chart) => (chart === undefined ? [] : [{ ...chart, clock }]));
}

type Chart = Omit<TimeChart, 'clock'> | undefined;

/** The time of day at a second of the run, if there is one run and its start is known. */
function clockOf(files: readonly NamedFile[]): TimeChart['clock'] {
  const [file] = files;
  const start = files.length === 1 ? Date.parse(file?.startTime ?? '') : Number.NaN;
  return Number.isNaN(start)
    ? undefined
    : (seconds) => `${clockText(new Date(start + seconds * 1000).toISOString())} UTC`;
}

/** A sentence on each curve, or on all together if they are many. */
function describe(
  curves: readonly Curve[],
  each: (curve: Curve) => string,
  together: () => string,
): string {
  if (curves.length > MOST_NAMED) {
    return `${curves.length} curves: ${together()}.`;
  }
  const [first] = curves;
  return curves.length === 1 && first
    ? capitalized(`${each(first)}.`)
    : curves.map((curve) => `${curve.label}: ${each(curve)}.`).join(' ');
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function rateChart(curves: readonly Curve[], files: readonly NamedFile[]): Chart {
  const hasBands = curves.length <= MOST_BANDS;
  const lines = curves.map(
    ({ label, index, stream: { seconds, rateMean, rateMin, rateMax } }): Line => ({
      ...{ label, curve: index, shape: 'line', x: seconds, y: rateMean },
      ...(hasBands ? { band: { low: rateMin, high: rateMax } } : {}),
      text: ({ y, low, high }) =>
        low === undefined || high === undefined || low === high
          ? rateText(y)
          : `${rateText(y)} (${rateText(low)} to ${rateText(high)})`,
    }),
  );
  const isBandSeen =
    hasBands &&
    curves.some(({ stream: { rateMin, rateMax } }) =>
      rateMin.some((rate, i) => rate !== rateMax[i]),
    );
  const medians = curves.map(({ stream }) => median(stream.rateMean));
  const summary = describe(
    curves,
    ({ file, stream: { rateMean, rateMin, rateMax } }) =>
      file.kind === 'summary'
        ? `${rateText(largest(rateMean))} on average, ${rateText(largest(rateMax))} peak`
        : `median ${rateText(median(rateMean))}, lowest ${rateText(smallest(rateMin))}, ` +
          `highest ${rateText(largest(rateMax))}`,
    () => `medians from ${rateText(smallest(medians))} to ${rateText(largest(medians))}`,
  );
  const top = largest(
    curves.map(({ stream }) => largest(hasBands ? stream.rateMax : stream.rateMean)),
  );
  return {
    title: 'Rate',
    summary: summary + (isBandSeen ? ` ${bandText(curves)}` : ''),
    height: 300,
    axis: byteAxis(top, '/s'),
    lines: [...lines, ...gapMarks(files)],
  };
}

/** What the ends of the bands are. A summary has no lowest rate. */
function bandText(curves: readonly Curve[]): string {
  const summaries = curves.filter(({ file }) => file.kind === 'summary').length;
  return [
    ...(summaries < curves.length
      ? ['The band of a run reaches from the lowest to the highest rate.']
      : []),
    ...(summaries > 0 ? ['The band of a summary reaches from the average to the peak.'] : []),
  ].join(' ');
}

function bufferChart(all: readonly Curve[]): Chart {
  const curves = all.filter(({ stream }) => stream.buffered.length > 0);
  if (curves.length === 0) {
    return undefined;
  }
  const most = (curve: Curve): number => largest(curve.stream.buffered);
  const top = largest(curves.map(most));
  return {
    title: 'Buffered',
    summary: describe(
      curves,
      (curve) => `at most ${binarySize(most(curve))} waited in memory`,
      () => `at most ${binarySize(top)} waited in memory`,
    ),
    height: 170,
    axis: byteAxis(top),
    lines: curves.map(({ label, index, stream: { seconds, buffered } }) => ({
      ...{ label, curve: index, shape: 'line', x: seconds, y: buffered },
      text: ({ y }) => binarySize(y),
    })),
  };
}

function emptyQueueChart(all: readonly Curve[]): Chart {
  const curves = all.filter(({ stream }) => stream.starved.length > 0);
  if (curves.length === 0) {
    return undefined;
  }
  const most = (curve: Curve): number => largest(curve.stream.starved);
  const describeShare = (share: number): string =>
    share === 0
      ? 'there was always a transfer in flight'
      : `at most ${percentText(share)} of the time`;
  return {
    title: 'Empty queue: time without a transfer in flight',
    summary: describe(
      curves,
      (curve) => describeShare(most(curve)),
      () => describeShare(largest(curves.map(most))),
    ),
    height: 170,
    axis: PERCENT_AXIS,
    lines: curves.map(({ label, index, stream: { seconds, starved } }) => ({
      ...{ label, curve: index, shape: 'line', x: seconds, y: starved },
      text: ({ y }) => percentText(y),
    })),
  };
}

/** Transfers that did not complete. Each status of each curve is a series. */
function statusChart(curves: readonly Curve[]): Chart {
  const isAlone = curves.length === 1;
  const failed = curves.flatMap((curve) =>
    curve.stream.statuses
      .filter(({ status, counts }) => status !== 'completed' && largest(counts) > 0)
      .map((status) => ({ curve, ...status })),
  );
  if (failed.length === 0) {
    return undefined;
  }
  const statuses = [...new Set(failed.map(({ status }) => status))];
  const lines = failed.map(({ curve, status, counts }, i): Line => {
    return {
      label: isAlone ? status : `${curve.label}: ${status}`,
      curve: isAlone ? i : curve.index,
      shape: 'sticks',
      x: curve.stream.seconds,
      y: counts.map((count) => (count > 0 ? count : null)),
      isHollow: !isAlone && statuses.indexOf(status) % 2 === 1,
      text: ({ y }) => String(y),
    };
  });
  const sums = lines.slice(0, MOST_NAMED).map(({ label, y }) => {
    const sum = y.reduce<number>((total, count) => total + (count ?? 0), 0);
    return `${label} ${sum}`;
  });
  const rest = lines.length - sums.length;
  return {
    title: 'Transfers with a status other than completed',
    summary: `${isAlone ? capitalized(sums.join(', ')) : sums.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}.`,
    height: 170,
    axis: COUNT_AXIS,
    lines,
  };
}
