import type { End } from '../transfer/end.js';
import type { Statistics } from '../transfer/statistics.js';
import { TRANSFER_STATUSES } from '../usb/transfer-status.js';
import { binarySize, countOf } from './format.js';
import type { Report } from './report.js';

/** Gaps that the summary shows one by one; JSON has more. */
const MOST_GAPS = 10;

/** The summary for a person: two lines, and more where bytes went elsewhere or may be missing. */
export function summaryText(report: Report): string {
  const { end, statistics, signal, suspensions } = report;
  const { bytesWritten, seconds } = statistics;
  const lines = [
    `${bytesWritten} bytes (${binarySize(bytesWritten)}) in ${seconds.toFixed(3)} s, ` +
      `${binarySize(statistics.bytesPerSecond)}/s${peak(statistics)}, ${countOf(statistics.transfers, 'transfer')}; ` +
      `ended: ${ending(end, signal)}`,
    TRANSFER_STATUSES.map((status) => `${status} ${statistics.statuses[status]}`).join(', '),
  ];
  lines.push(...asideLines(statistics), ...gapLines(statistics), ...dryLines(report));
  if (suspensions.count > 0) {
    const seconds = (suspensions.milliseconds / 1000).toFixed(1);
    lines.push(`stopped for ${seconds} s: the device may have lost data meanwhile`);
  }
  return lines.join('\n');
}

/** The highest rate, where the capture was long enough to have one besides the average. */
function peak({ flow, bytesPerSecond }: Statistics): string {
  const { peakBytesPerSecond } = flow.pace;
  return peakBytesPerSecond > bytesPerSecond ? ` (peak ${binarySize(peakBytesPerSecond)}/s)` : '';
}

/** When nothing was in flight, whose fault it was, and what helps. */
function dryLines({ statistics, suspensions }: Report): string[] {
  const { dryByOutput, dryByHost } = statistics.flow;
  const lines: string[] = [];
  if (dryByOutput.count > 0) {
    lines.push(
      `the device had to wait ${countOf(dryByOutput.count, 'time')}, ` +
        `${inSeconds(dryByOutput.milliseconds)} in all: the output was too slow, and ` +
        `up to ${binarySize(statistics.backlogPeak)} were waiting for it; a faster reader or disk helps, ` +
        'for bursts a larger --buffer',
    );
  }
  if (dryByHost.count > 0 && suspensions.count === 0) {
    lines.push(
      `the device had to wait ${countOf(dryByHost.count, 'time')}, ` +
        `${inSeconds(dryByHost.milliseconds)} in all at least: this machine was too busy to ask ` +
        'for more in time; less load on it helps, or more in flight: --transfers, --transfer-size',
    );
  }
  return lines;
}

function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)} s`;
}

/** Bytes that were received and are not in the output. */
function asideLines({ bytesSkipped, bytesDiscarded, bytesUnwritten }: Statistics): string[] {
  const parts = [
    [bytesSkipped, 'skipped'],
    [bytesDiscarded, 'past the limit'],
    [bytesUnwritten, 'unwritten'],
  ] as const;
  const told = parts
    .filter(([bytes]) => bytes > 0)
    .map(([bytes, what]) => `${bytes} bytes ${what}`);
  return told.length > 0 ? [`received but not written: ${told.join(', ')}`] : [];
}

function gapLines({ gaps, gapCount }: Statistics): string[] {
  const lines = gaps
    .slice(0, MOST_GAPS)
    .map(
      ({ offset, seconds, cause }) =>
        `gap at byte ${offset}, after ${seconds.toFixed(3)} s: ${cause}`,
    );
  const more = gapCount - lines.length;
  return more > 0 ? [...lines, `and ${countOf(more, 'more gap')}`] : lines;
}

function ending(end: End, signal: NodeJS.Signals | undefined): string {
  const words: Partial<Record<End['reason'], string>> = {
    limit: 'limit reached',
    duration: 'duration over',
    idle: 'the device fell silent',
    interrupted: signal ?? 'interrupted',
    'reader-closed': 'reader closed the pipe',
  };
  return words[end.reason] ?? end.reason;
}
