import type { End } from '../transfer/end.js';
import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { binarySize, countOf, endpointName, ids } from './format.js';
import type { Report } from './report.js';
import { sanitize } from './sanitize.js';
import type { Paint } from './style.js';
import { table } from './table.js';

/** Gaps that the summary shows one by one; JSON has more. */
const MOST_GAPS = 10;

/** The summary for a person: a block of what was counted, and more where bytes may be missing. */
export function summaryText(report: Report, paint: Paint): string {
  const { end, statistics, signal, output } = report;
  const { bytesWritten, seconds } = statistics;
  const rows = [
    ['from', source(report)],
    ['to', target(output)],
    ['bytes', `${bytesWritten} (${binarySize(bytesWritten)})`],
    ...aside(statistics),
    ['time', `${seconds.toFixed(3)} s`],
    ['rate', `${binarySize(statistics.bytesPerSecond)}/s on average${peak(statistics)}`],
    ...transfers(statistics, paint),
    ...gaps(statistics, paint),
    ...waits(report),
    ['ended', ending(end, signal)],
  ];
  return table(rows).join('\n');
}

/** `1-1 (1234:5678 virtual counter), endpoint 0x82` */
function source({ device, location }: Report): string {
  const what = [ids(device), ...(device.product ? [sanitize(device.product)] : [])].join(' ');
  return `${device.path} (${what}), endpoint ${endpointName(location.endpoint.address)}`;
}

function target(output: Report['output']): string {
  if (output === undefined) {
    return 'stdout';
  }
  const { files, first, last } = output;
  const names = files > 1 ? `${sanitize(first)} to ${sanitize(last)}` : sanitize(first);
  return files > 1 ? `${names}, ${countOf(files, 'file')}` : names;
}

/** The highest rate, where the capture was long enough to have one besides the average. */
function peak({ flow, bytesPerSecond }: ReceiveStatistics): string {
  const { peakBytesPerSecond } = flow.pace;
  return peakBytesPerSecond > bytesPerSecond ? `, ${binarySize(peakBytesPerSecond)}/s at best` : '';
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

/** How they ended: first the ways that are no failures. */
function transfers({ statuses, transfers }: ReceiveStatistics, paint: Paint): string[][] {
  const failed = (['error', 'stall', 'no-device', 'overflow'] as const).map((status) => {
    const text = `${statuses[status]} ${status}`;
    return statuses[status] > 0 ? paint('red', text) : text;
  });
  const { completed, cancelled } = statuses;
  const fine = `${completed} completed, ${statuses['timed-out']} timed-out, ${cancelled} cancelled`;
  return [
    ['transfers', `${transfers}: ${fine},`],
    ['', failed.join(', ')],
  ];
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

/** When the device had to wait, or may not have, whose fault it was, and what helps. */
function waits({ statistics, suspensions }: Report): string[][] {
  const { dryByPeer, dryByHost, heldUp } = statistics.flow;
  const rows: string[][] = [];
  if (heldUp.count > 0) {
    const waiting = binarySize(statistics.backlogPeak);
    rows.push(['held up', `${inSeconds(heldUp)}: ${waiting} waited for the output`]);
  }
  if (dryByPeer.count > 0) {
    rows.push(
      ['dry', `${inSeconds(dryByPeer)}: the device had to wait, as the output was too slow;`],
      ['', 'a faster reader or disk helps, for bursts a larger --buffer'],
    );
  }
  if (dryByHost.count > 0 && suspensions.count === 0) {
    rows.push(
      ['dry', `${inSeconds(dryByHost)} at least: the device had to wait, as this machine was`],
      ['', 'too busy; less load helps, or more in flight: --transfers, --transfer-size'],
    );
  }
  if (suspensions.count > 0) {
    const time = inSeconds(suspensions);
    rows.push(['stopped', `${time}: the device may have lost data meanwhile`]);
  }
  return rows;
}

/** `0.123 s in 4 times` */
function inSeconds({ milliseconds, count }: { milliseconds: number; count: number }): string {
  return `${(milliseconds / 1000).toFixed(3)} s, ${countOf(count, 'time')}`;
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
