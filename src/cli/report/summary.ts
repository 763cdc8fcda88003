import type { EndReason } from '../../engine/session/outcome.js';
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
import type { InReport, OutReport, Report } from './report.js';

/** Gaps that the summary lists; JSON has more. */
const MAX_GAPS = 10;

/** The summary for the user: the rows of each direction, and how the stream ended. */
export function summaryText(report: Report, paint: Paint): string {
  const { in: received, out: sent, suspensions } = report;
  const risk = received ? 'the device may have lost data' : 'the device had to wait';
  const rows = [
    ...(sent ? outRows(report, sent, paint) : []),
    // In a dialogue, the input pauses between messages.
    ...(sent && !received ? inputDelayRows(sent.statistics) : []),
    ...(received ? inRows(report, received, paint) : []),
    ...(suspensions.count > 0 ? [['suspended', `${timeAndCount(suspensions)}: ${risk}`]] : []),
    ['ended', endText(report)],
  ];
  return table(rows).join('\n');
}

function inRows(report: Report, { location, statistics, output }: InReport, paint: Paint) {
  return [
    ['from', endpointText(report, location)],
    ['to', outputText(output)],
    bytesRow(statistics),
    ...notWrittenRows(statistics),
    ...rateRows(statistics),
    ...transferRows(statistics, paint),
    ...gapRows(statistics, paint),
    ...outputDelayRows(statistics),
  ];
}

function outRows(report: Report, { location, statistics, input, skip }: OutReport, paint: Paint) {
  const { zeroLengthPackets } = statistics;
  return [
    ['from', input === undefined ? 'stdin' : sanitize(input)],
    ...(skip > 0 ? [['', `skipping ${countOf(skip, 'byte')}`]] : []),
    ['to', endpointText(report, location)],
    bytesRow(statistics),
    ...notAcceptedRows(statistics, paint),
    ...rateRows(statistics),
    ...transferRows(statistics, paint),
    ...(zeroLengthPackets > 0 ? [['', countOf(zeroLengthPackets, 'zero-length packet')]] : []),
  ];
}

/** `1-1 (1234:5678 virtual counter), endpoint 0x82` */
function endpointText({ device }: Report, { endpoint }: EndpointLocation): string {
  const what = [ids(device), ...(device.product ? [sanitize(device.product)] : [])].join(' ');
  return `${device.path} (${what}), endpoint ${formatEndpoint(endpoint.address)}`;
}

function outputText(output: InReport['output']): string {
  if (output === undefined) {
    return 'stdout';
  }
  const { files, first, last } = output;
  return files > 1
    ? `${sanitize(first)} to ${sanitize(last)}, ${countOf(files, 'file')}`
    : sanitize(first);
}

function bytesRow({ bytesDelivered }: Statistics): string[] {
  return ['bytes', `${bytesDelivered} (${binarySize(bytesDelivered)})`];
}

/** Received bytes that are not in the output. */
function notWrittenRows(statistics: ReceiveStatistics): string[][] {
  const parts = [
    [statistics.bytesSkipped, 'skipped'],
    [statistics.bytesDiscarded, 'past the limit'],
    [statistics.bytesUnwritten, 'not accepted by the output'],
  ] as const;
  const listed = parts.filter(([bytes]) => bytes > 0).map(([bytes, what]) => `${bytes} ${what}`);
  return listed.length > 0 ? [['', `not written: ${listed.join(', ')}`]] : [];
}

/** Bytes of the input that the device did not accept, or accepted after a gap. */
function notAcceptedRows({ bytesUnsent, bytesAfterGap }: SendStatistics, paint: Paint): string[][] {
  const rest = bytesUnsent - bytesAfterGap;
  return [
    ...(rest > 0 ? [['', `read but not accepted: ${rest}`]] : []),
    ...(bytesAfterGap > 0
      ? [['', paint('red', `accepted after the failed transfer: ${bytesAfterGap}`)]]
      : []),
  ];
}

function rateRows({ seconds, bytesPerSecond, timings }: Statistics): string[][] {
  const { peakBytesPerSecond } = timings.data;
  const peak =
    peakBytesPerSecond > bytesPerSecond ? `, ${binarySize(peakBytesPerSecond)}/s peak` : '';
  return [
    ['time', `${seconds.toFixed(3)} s`],
    ['rate', `${binarySize(bytesPerSecond)}/s on average${peak}`],
  ];
}

/** The number of transfers for each status, failures in the second row. */
function transferRows({ statuses, transfers }: Statistics, paint: Paint): string[][] {
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

function gapRows({ gaps, gapCount }: ReceiveStatistics, paint: Paint): string[][] {
  const rows = gaps
    .slice(0, MAX_GAPS)
    .map(({ offset, seconds, cause }) => [
      'gap',
      paint('red', `at byte ${offset}, after ${seconds.toFixed(3)} s: ${cause}`),
    ]);
  const more = gapCount - rows.length;
  return more > 0 ? [...rows, ['', `and ${countOf(more, 'more gap')}`]] : rows;
}

/** How long the output delayed the transfers, and what helps. */
function outputDelayRows({ timings, bytesBufferedPeak }: ReceiveStatistics): string[][] {
  return delayRows(timings, `${binarySize(bytesBufferedPeak)} waited for the output`, [
    'because the output was too slow;',
    'use a faster reader or disk, or a larger --buffer for bursts',
  ]);
}

/** How long the input delayed the transfers, and what helps. */
function inputDelayRows({ timings }: SendStatistics): string[][] {
  return delayRows(timings, 'waiting for the input', [
    'because the input was too slow;',
    'use a faster program or disk, or a larger --buffer for pauses',
  ]);
}

function delayRows(
  { throttled, starved }: Statistics['timings'],
  reason: string,
  [cause, advice]: readonly [string, string],
): string[][] {
  return [
    ...(throttled.count > 0 ? [['throttled', `${timeAndCount(throttled)}: ${reason}`]] : []),
    ...(starved.count > 0
      ? [
          ['starved', `${timeAndCount(starved)}: no transfer was in flight ${cause}`],
          ['', advice],
        ]
      : []),
  ];
}

/** `0.123 s, 4 times` */
function timeAndCount({ milliseconds, count }: { milliseconds: number; count: number }): string {
  return `${(milliseconds / 1000).toFixed(3)} s, ${countOf(count, 'time')}`;
}

function endText({ end, signal, in: received }: Report): string {
  const words: Partial<Record<EndReason, string>> = {
    limit: 'limit reached',
    'input-ended': 'end of the input',
    duration: 'time limit reached',
    idle: received ? 'the device sent nothing more' : 'the device accepted nothing more',
    interrupted: signal ?? 'interrupted',
    'reader-closed': 'reader closed the pipe',
  };
  return words[end.reason] ?? end.reason;
}
