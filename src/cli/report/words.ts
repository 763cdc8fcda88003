import { RESTARTS, type Restart } from '../../engine/device/restart.js';
import type { Limits } from '../../engine/receive/limits.js';
import { FAILURE_REASONS, type Outcome } from '../../engine/session/outcome.js';
import type { Gap, Statistics } from '../../engine/stats/statistics.js';
import { countOf, localTime } from '../terminal/format.js';
import type { Direction } from './direction.js';
import type { Report } from './report.js';

/** The event behind each reason for a failed transfer. */
const EVENTS: Readonly<Partial<Record<Gap['cause'], string>>> = {
  stall: 'stall',
  error: 'transfer error',
  overflow: 'overflow',
  'device-lost': 'disconnection',
  'device-reset': 'reset',
  cancelled: 'cancelled transfers',
  idle: 'silence',
};

/** Why data of cancelled transfers may be lost. */
export const CANCEL_LOSES_DATA = 'over USB/IP, a cancelled transfer loses its data';

/** Why the number of accepted bytes may be too low. */
export const CANCEL_LOSES_COUNT =
  'over USB/IP, a cancelled transfer does not report how much the device accepted';

/** What a gap is like if nothing shows how much is missing. */
const UNKNOWN_SIZE = ', size unknown';

/** What caused a gap, as a noun. */
export function causeText(cause: Gap['cause']): string {
  return EVENTS[cause] ?? cause;
}

/** `at byte 4096, 2026-11-29 14:03:04 (after 1.500 s): stall` */
export function gapText({ offset, seconds, time, cause, cancelled }: Gap): string {
  const when = `${localTime(time)} (after ${seconds.toFixed(3)} s)`;
  const size = cancelled
    ? `${UNKNOWN_SIZE}: ${CANCEL_LOSES_DATA}`
    : cause === 'device-reset'
      ? UNKNOWN_SIZE
      : '';
  return `at byte ${offset}, ${when}: ${causeText(cause)}${size}`;
}

/** What is done to restart a device: of a finished restart, and of one in progress. */
const RESTART_WORDS: Readonly<Record<Restart, readonly [noun: string, doing: string]>> = {
  reset: ['reset', 'resetting the device'],
  'clear-halt': ['cleared halt', 'clearing the halt'],
  reopen: ['reopening', 'reopening the device'],
};

/** `resetting the device` */
export function restartText(restart: Restart): string {
  return RESTART_WORDS[restart][1];
}

/** What a stream waits for: `waiting for the device`, `resetting the device`. */
export function waitText({ restarting }: Pick<Statistics, 'restarting'>): string {
  return restarting === undefined ? 'waiting for the device' : restartText(restarting);
}

/**
 * The events that made transfers fail, and the restarts of a silent device: `2 stalls`, `1 disconnection`,
 * `3 resets after silence`.
 */
export function eventTexts({
  failures,
  restarts,
}: Pick<Statistics, 'failures' | 'restarts'>): string[] {
  return [
    ...FAILURE_REASONS.filter((reason) => failures[reason] > 0).map((reason) =>
      countOf(failures[reason], causeText(reason)),
    ),
    ...RESTARTS.filter((restart) => restarts[restart] > 0).map(
      (restart) => `${countOf(restarts[restart], RESTART_WORDS[restart][0])} after silence`,
    ),
  ];
}

/** A delay matters if it is at least this long, in milliseconds, and at least this share of the run. */
const LONG_DELAY = 100;
const LONG_DELAY_SHARE = 0.01;

/**
 * Whether a delay matters.
 *
 * @param seconds the length of the run
 */
export function isLongDelay(milliseconds: number, seconds: number): boolean {
  return milliseconds >= Math.max(LONG_DELAY, seconds * 1000 * LONG_DELAY_SHARE);
}

/** `output too slow for 1.5 s`: with no transfer in flight. Undefined if that was too short to matter. */
export function delayText(
  { delayedBy, statistics }: Pick<Direction, 'delayedBy' | 'statistics'>,
  now: number,
): string | undefined {
  const starved = statistics.timings.starved.millisecondsAt(now);
  return delayedBy !== undefined && isLongDelay(starved, statistics.secondsAt(now))
    ? `${delayedBy} too slow for ${(starved / 1000).toFixed(1)} s`
    : undefined;
}

/** The options that are the goal of receiving. */
export function goalOptions({ bytes, count, untilShort }: Limits = {}): string[] {
  return [
    ...(bytes === undefined ? [] : ['--bytes']),
    ...(count === undefined ? [] : ['--count']),
    ...(untilShort ? ['--until-short'] : []),
  ];
}

/** How a stream ended. */
export function endText(report: Report): string {
  const { end, signal, in: received, out: sent } = report;
  switch (end.reason) {
    case 'limit':
      return `limit reached (--${limitOf(report)})`;
    case 'input-ended':
      return sent ? 'end of the input' : 'end of the recording';
    case 'duration':
      return 'time limit reached (--duration)';
    case 'idle':
      return `the device ${received ? 'sent' : 'accepted'} nothing more${sent && received ? '' : ' (--idle-timeout)'}`;
    case 'interrupted':
      return `${signal ?? 'interrupted'}${end.readerClosed ? '; the reader closed the pipe, too' : ''}`;
    case 'reader-closed':
      return 'the reader closed the pipe';
    case 'stall':
      return 'the endpoint stalled';
    case 'error':
    case 'overflow':
      return causeText(end.reason);
    case 'device-lost':
    case 'device-reset':
      return lossText(end);
    case 'submit-failed':
      return 'the system refused a transfer';
    case 'output-failed':
      return 'the output failed';
    case 'input-failed':
      return 'the input failed';
    case 'request-failed':
      return 'a control request failed';
    case 'internal':
      return 'internal error';
  }
}

/** How a device was lost. */
export function lossText({ reason, loss }: Outcome): string {
  if (reason === 'device-reset') {
    return 'another process reset the device';
  }
  switch (loss) {
    case 'deauthorized':
      return 'the system deauthorized the device';
    case 'deconfigured':
      return 'the device lost its configuration';
    default:
      return 'the device was disconnected';
  }
}

/** The limit that ended a stream; undefined if none did. Only receiving has others than `bytes`. */
export function limitOf({
  end,
  in: received,
}: Pick<Report, 'end' | 'in'>): 'bytes' | 'count' | 'until-short' | 'duration' | undefined {
  if (end.reason !== 'limit') {
    return end.reason === 'duration' ? 'duration' : undefined;
  }
  const { bytes, count = Number.POSITIVE_INFINITY, untilShort } = received?.limits ?? {};
  if (received === undefined || received.statistics.bytesWritten >= (bytes ?? Infinity)) {
    return 'bytes';
  }
  if (received.statistics.transfersWithData >= count) {
    return 'count';
  }
  return untilShort ? 'until-short' : 'bytes';
}
