import { FAILURE_REASONS, isClean } from '../../engine/session/outcome.js';
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
import {
  CANCEL_LOSES_COUNT,
  CANCEL_LOSES_DATA,
  endText,
  eventTexts,
  gapText,
  isLongDelay,
} from './words.js';

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
    ...aroundRows(statistics),
    ...notWrittenRows(report, statistics),
    ...rateRows(statistics),
    ...transferRows(report, statistics, paint),
    ...gapRows(statistics, paint),
    ...lossRows(statistics, paint),
    ...outputDelayRows(statistics),
  ];
}

function outRows(report: Report, { location, statistics, input, skip }: OutReport, paint: Paint) {
  const { zeroLengthPackets } = statistics;
  return [
    ['from', input === undefined ? 'stdin' : sanitize(input)],
    ...(skip > 0 ? [['', `skipping ${countOf(skip, 'byte')}`]] : []),
    ['to', endpointText(report, location)],
    bytesRow(statistics, statistics.isMinimum),
    ...notAcceptedRows(statistics, paint),
    ...rateRows(statistics),
    ...transferRows(report, statistics, paint),
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

/** @param isMinimum whether more bytes may have been delivered */
function bytesRow({ bytesDelivered }: Statistics, isMinimum = false): string[] {
  const bytes = `${bytesDelivered} (${binarySize(bytesDelivered)})`;
  return ['bytes', isMinimum ? `at least ${bytes}: ${CANCEL_LOSES_COUNT}` : bytes];
}

/** Received bytes that are not in the output. */
function notWrittenRows({ end }: Report, statistics: ReceiveStatistics): string[][] {
  const isNotStarted = end.reason === 'request-failed';
  const packets = countOf(statistics.packetsStripped, 'packet');
  const parts = [
    [statistics.bytesStripped, `stripped from ${packets}`],
    [statistics.bytesSkipped, 'skipped'],
    [statistics.bytesDiscarded, 'past the limit'],
    [
      statistics.bytesUnwritten,
      isNotStarted ? 'received before a request failed' : 'not accepted by the output',
    ],
  ] as const;
  const listed = parts.filter(([bytes]) => bytes > 0).map(([bytes, what]) => `${bytes} ${what}`);
  return listed.length > 0 ? [['', `not written: ${listed.join(', ')}`]] : [];
}

/** What was received before the stream, and after it. */
function aroundRows({ bytesFlushed, bytesAfterStop }: ReceiveStatistics): string[][] {
  return [
    ...(bytesFlushed > 0 ? [['', `flushed before: ${bytesFlushed}`]] : []),
    ...(bytesAfterStop > 0 ? [['', `received after the stop: ${bytesAfterStop}`]] : []),
  ];
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

/** The number of transfers, and what made some of them fail. */
function transferRows(report: Report, statistics: Statistics, paint: Paint): string[][] {
  const { statuses, transfers, pendingAtEnd } = statistics;
  const pending = isClean(report.end) ? pendingAtEnd : 0;
  const isInputEnd = report.end.reason === 'input-ended'; // nothing can come for them
  const timedOut = statuses['timed-out'];
  const notes = [
    ...(timedOut > 0 ? [`${timedOut} of them timed out and were submitted again`] : []),
    ...(pending > 0 && !isInputEnd ? [`and ${pending} still pending when it ended`] : []),
  ];
  return [
    ['transfers', [String(transfers - pending), ...notes].join(', ')],
    ...eventRows(statistics, paint),
  ];
}

/** What happened to the device. One event may fail all transfers in flight. */
function eventRows(statistics: Statistics, paint: Paint): string[][] {
  const { failures, statuses } = statistics;
  const texts = eventTexts(statistics);
  const events = FAILURE_REASONS.reduce((sum, reason) => sum + failures[reason], 0);
  const failed = statuses.error + statuses.stall + statuses['no-device'] + statuses.overflow;
  const transfers = failed <= events ? '' : ` (${countOf(failed, 'transfer')} failed)`;
  return texts.length === 0 ? [] : [['events', paint('red', texts.join(', ') + transfers)]];
}

/** That the end of the data may be lost, because it was in transfers that were cancelled. */
function lossRows({ lossOffset }: ReceiveStatistics, paint: Paint): string[][] {
  const text = `data after byte ${lossOffset} may be lost: ${CANCEL_LOSES_DATA}`;
  return lossOffset === undefined ? [] : [['loss', paint('red', text)]];
}

function gapRows({ gaps, gapCount }: ReceiveStatistics, paint: Paint): string[][] {
  const rows = gaps.slice(0, MAX_GAPS).map((gap) => ['gap', paint('red', gapText(gap))]);
  const more = gapCount - rows.length;
  return more > 0 ? [...rows, ['', `and ${countOf(more, 'more gap')}`]] : rows;
}

/**
 * How long the output delayed the transfers, and what helps. While no transfer is in flight, a device
 * that cannot wait loses data: that is shown however short it was.
 */
function outputDelayRows(statistics: ReceiveStatistics): string[][] {
  const { timings, bytesBufferedPeak } = statistics;
  const rows = delayRows(statistics, `${binarySize(bytesBufferedPeak)} waited for the output`, [
    'because the output was too slow',
    'use a faster reader or disk, or a larger --buffer for bursts',
  ]);
  return rows.length > 0 || timings.starved.count === 0
    ? rows
    : [starvedRow(timings.starved, 'because the output was too slow')];
}

/** How long the input delayed the transfers, and what helps. */
function inputDelayRows(statistics: SendStatistics): string[][] {
  return delayRows(statistics, 'waiting for the input', [
    'because the input was too slow',
    'use a faster program or disk, or a larger --buffer for pauses',
  ]);
}

/** The delays that are worth advice. */
function delayRows(
  { timings: { throttled, starved }, seconds }: Statistics,
  reason: string,
  [cause, advice]: readonly [string, string],
): string[][] {
  return [
    ...(isLongDelay(throttled.milliseconds, seconds)
      ? [['throttled', `${timeAndCount(throttled)}: ${reason}`]]
      : []),
    ...(isLongDelay(starved.milliseconds, seconds)
      ? [starvedRow(starved, `${cause};`), ['', advice]]
      : []),
  ];
}

function starvedRow(starved: Delay, cause: string): string[] {
  return ['starved', `${timeAndCount(starved)}: no transfer was in flight ${cause}`];
}

interface Delay {
  readonly milliseconds: number;
  readonly count: number;
}

/** `0.123 s, 4 times` */
function timeAndCount({ milliseconds, count }: Delay): string {
  return `${(milliseconds / 1000).toFixed(3)} s, ${countOf(count, 'time')}`;
}
