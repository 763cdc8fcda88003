import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { binarySize, countOf } from './format.js';
import type { ReadReport, Report } from './report.js';
import { sanitize } from './sanitize.js';
import type { Paint } from './style.js';
import {
  bytesRow,
  delayRows,
  endpointText,
  endRow,
  inSeconds,
  paceRows,
  transferRows,
} from './summary-rows.js';
import { table } from './table.js';

/** Gaps that the summary shows one by one; JSON has more. */
const MOST_GAPS = 10;

/** The summary for a person: a block of what was counted, and more where bytes may be missing. */
export function readSummary(report: ReadReport, paint: Paint): string {
  const { location, statistics, output, suspensions } = report;
  const rows = [
    ['from', endpointText(report, location)],
    ['to', target(output)],
    ...receiveRows(report, statistics, paint),
    ...(suspensions.count > 0
      ? [['stopped', `${inSeconds(suspensions)}: the device may have lost data meanwhile`]]
      : []),
    endRow(report, 'the device fell silent'),
  ];
  return table(rows).join('\n');
}

/** What was received, and how. */
export function receiveRows(
  report: Report,
  statistics: ReceiveStatistics,
  paint: Paint,
): string[][] {
  return [
    bytesRow(statistics),
    ...aside(statistics),
    ...paceRows(statistics),
    ...transferRows(statistics, paint),
    ...gaps(statistics, paint),
    ...waits(statistics),
    ...delayRows(statistics, report),
  ];
}

/** Where it went. */
export function target(output: ReadReport['output']): string {
  if (output === undefined) {
    return 'stdout';
  }
  const { files, first, last } = output;
  const names = files > 1 ? `${sanitize(first)} to ${sanitize(last)}` : sanitize(first);
  return files > 1 ? `${names}, ${countOf(files, 'file')}` : names;
}

/** Bytes that were received and are not in the output. */
function aside({ bytesSkipped, bytesDiscarded, bytesUnwritten }: ReceiveStatistics): string[][] {
  const parts = [
    [bytesSkipped, 'skipped'],
    [bytesDiscarded, 'past the limit'],
    [bytesUnwritten, 'not written'],
  ] as const;
  const told = parts.filter(([bytes]) => bytes > 0).map(([bytes, what]) => `${bytes} ${what}`);
  return told.length > 0 ? [['', `and received besides: ${told.join(', ')}`]] : [];
}

function gaps({ gaps, gapCount }: ReceiveStatistics, paint: Paint): string[][] {
  const rows = gaps
    .slice(0, MOST_GAPS)
    .map(({ offset, seconds, cause }) => [
      'gap',
      paint('red', `at byte ${offset}, after ${seconds.toFixed(3)} s: ${cause}`),
    ]);
  const more = gapCount - rows.length;
  return more > 0 ? [...rows, ['', `and ${countOf(more, 'more gap')}`]] : rows;
}

/** When the output was the reason that the device had to wait, or may have had, and what helps. */
function waits({ flow, backlogPeak }: ReceiveStatistics): string[][] {
  const { dryByPeer, heldUp } = flow;
  const rows: string[][] = [];
  if (heldUp.count > 0) {
    rows.push([
      'held up',
      `${inSeconds(heldUp)}: ${binarySize(backlogPeak)} waited for the output`,
    ]);
  }
  if (dryByPeer.count > 0) {
    rows.push(
      ['dry', `${inSeconds(dryByPeer)}: the device had to wait, as the output was too slow;`],
      ['', 'a faster reader or disk helps, for bursts a larger --buffer'],
    );
  }
  return rows;
}
