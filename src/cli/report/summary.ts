import type { Outcome } from '../../engine/session/outcome.js';
import type {
  ReceiveStatistics,
  SendStatistics,
  Statistics,
} from '../../engine/stats/statistics.js';
import { formatEndpoint, ids } from '../../usb/format.js';
import type { EndpointLocation } from '../../usb/locate.js';
import { binarySize, countOf } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import type { Paint } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import type { PipeReport, ReadReport, Report, WriteReport } from './report.js';

/*
 * Rows of a summary for a person that are the same whatever moved in which direction.
 */

/** `1-1 (1234:5678 virtual counter), endpoint 0x82` */
export function endpointText({ device }: Report, { endpoint }: EndpointLocation): string {
  const what = [ids(device), ...(device.product ? [sanitize(device.product)] : [])].join(' ');
  return `${device.path} (${what}), endpoint ${formatEndpoint(endpoint.address)}`;
}

/** Bytes that were delivered. */
export function bytesRow({ bytesDelivered }: Statistics): string[] {
  return ['bytes', `${bytesDelivered} (${binarySize(bytesDelivered)})`];
}

/** How long it took, and how fast it was: at best as well, where that is something else. */
export function paceRows({ seconds, bytesPerSecond, timings }: Statistics): string[][] {
  const { peakBytesPerSecond } = timings.data;
  const peak =
    peakBytesPerSecond > bytesPerSecond ? `, ${binarySize(peakBytesPerSecond)}/s at best` : '';
  return [
    ['time', `${seconds.toFixed(3)} s`],
    ['rate', `${binarySize(bytesPerSecond)}/s on average${peak}`],
  ];
}

/** How the transfers ended: first the ways that are no failures. */
export function transferRows({ statuses, transfers }: Statistics, paint: Paint): string[][] {
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

/** `0.123 s, 4 times` */
export function inSeconds({
  milliseconds,
  count,
}: {
  milliseconds: number;
  count: number;
}): string {
  return `${(milliseconds / 1000).toFixed(3)} s, ${countOf(count, 'time')}`;
}

/**
 * Why it ended.
 *
 * @param idle what it means that nothing moved
 */
export function endRow({ end, signal }: Report, idle: string): string[] {
  const words: Partial<Record<Outcome['reason'], string>> = {
    limit: 'limit reached',
    'input-ended': 'end of the input',
    duration: 'duration over',
    idle,
    interrupted: signal ?? 'interrupted',
    'reader-closed': 'reader closed the pipe',
  };
  return ['ended', words[end.reason] ?? end.reason];
}

/** Gaps that the summary shows one by one; JSON has more. */
const MOST_GAPS = 10;

/** The summary for a person: a block of what was counted, and more where bytes may be missing. */
export function readSummary(report: ReadReport, paint: Paint): string {
  const { location, statistics, output, suspensions } = report;
  const rows = [
    ['from', endpointText(report, location)],
    ['to', target(output)],
    ...receiveRows(statistics, paint),
    ...(suspensions.count > 0
      ? [['stopped', `${inSeconds(suspensions)}: the device may have lost data meanwhile`]]
      : []),
    endRow(report, 'the device fell silent'),
  ];
  return table(rows).join('\n');
}

/** What was received, and how. */
export function receiveRows(statistics: ReceiveStatistics, paint: Paint): string[][] {
  return [
    bytesRow(statistics),
    ...aside(statistics),
    ...paceRows(statistics),
    ...transferRows(statistics, paint),
    ...gaps(statistics, paint),
    ...waits(statistics),
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
function waits({ timings, bytesBufferedPeak }: ReceiveStatistics): string[][] {
  const { starved, throttled } = timings;
  const rows: string[][] = [];
  if (throttled.count > 0) {
    rows.push([
      'held up',
      `${inSeconds(throttled)}: ${binarySize(bytesBufferedPeak)} waited for the output`,
    ]);
  }
  if (starved.count > 0) {
    rows.push(
      ['dry', `${inSeconds(starved)}: the device had to wait, as the output was too slow;`],
      ['', 'a faster reader or disk helps, for bursts a larger --buffer'],
    );
  }
  return rows;
}

/** The summary for a person: a block of what was counted, and more where bytes are left. */
export function writeSummary(report: WriteReport, paint: Paint): string {
  const { location, statistics, input, skip, suspensions } = report;
  const rows = [
    ['from', input === undefined ? 'stdin' : sanitize(input)],
    ...(skip > 0 ? [['', `behind its first ${skip} bytes`]] : []),
    ['to', endpointText(report, location)],
    ...sendRows(statistics, paint),
    ...sendWaits(statistics),
    ...(suspensions.count > 0
      ? [['stopped', `${inSeconds(suspensions)}: the device had to wait`]]
      : []),
    endRow(report, 'the device took nothing'),
  ];
  return table(rows).join('\n');
}

/** What was sent, and how. */
export function sendRows(statistics: SendStatistics, paint: Paint): string[][] {
  const { zeroLengthPackets } = statistics;
  return [
    bytesRow(statistics),
    ...asideSent(statistics, paint),
    ...paceRows(statistics),
    ...transferRows(statistics, paint),
    ...(zeroLengthPackets > 0 ? [['', countOf(zeroLengthPackets, 'zero-length packet')]] : []),
  ];
}

/** Bytes that were read and that the device did not take, or not in their place. */
function asideSent({ bytesUnsent, bytesAfterGap }: SendStatistics, paint: Paint): string[][] {
  const told = [
    ...(bytesUnsent > bytesAfterGap ? [`${bytesUnsent - bytesAfterGap} not sent`] : []),
    ...(bytesAfterGap > 0 ? [paint('red', `${bytesAfterGap} taken behind a hole`)] : []),
  ];
  return told.length > 0 ? [['', `and read besides: ${told.join(', ')}`]] : [];
}

/** When the input was the reason that the device had to wait, or may have had, and what helps. */
function sendWaits({ timings }: SendStatistics): string[][] {
  const { starved, throttled } = timings;
  const rows: string[][] = [];
  if (throttled.count > 0) {
    rows.push(['held up', `${inSeconds(throttled)}: waited for the input`]);
  }
  if (starved.count > 0) {
    rows.push(
      ['dry', `${inSeconds(starved)}: the device had to wait, as the input was too slow;`],
      ['', 'a faster program or disk helps, for pauses of it a larger --buffer'],
    );
  }
  return rows;
}

/** The summary for a person: a block for each direction. */
export function pipeSummary(report: PipeReport, paint: Paint): string {
  const { input, output, statistics, suspensions } = report;
  const rows = [
    ['from', input === undefined ? 'stdin' : sanitize(input)],
    ['to', endpointText(report, report.out)],
    // That the input is slow is no news here: a conversation has pauses.
    ...sendRows(statistics.out, paint),
    ['from', endpointText(report, report.in)],
    ['to', target(output)],
    ...receiveRows(statistics.in, paint),
    ...(suspensions.count > 0
      ? [['stopped', `${inSeconds(suspensions)}: the device may have lost data meanwhile`]]
      : []),
    endRow(report, 'the device fell silent'),
  ];
  return table(rows).join('\n');
}
