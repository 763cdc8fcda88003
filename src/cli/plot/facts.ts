import { TRANSFER_STATUSES } from '../../usb/transfer-status.js';
import { causeText, eventTexts } from '../report/words.js';
import { binarySize, countOf, shortTime } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import {
  bytesOf,
  type Counters,
  type Direction,
  type End,
  failuresIn,
  gapsOf,
  jsonName,
} from './shapes.js';

/** A row of the table of totals. */
export type Fact = readonly [label: string, value: string];

/** The rows about the counters of one direction. */
export function counterFacts(direction: Direction, counters: Counters): Fact[] {
  const { seconds, throttled_seconds: throttled, starved_seconds: starved } = counters;
  const statuses = TRANSFER_STATUSES.map(
    (status) => [counters.statuses[jsonName(status)] ?? 0, status] as const,
  ).filter(([count]) => count > 0);
  const noRestarts = { reset: 0, 'clear-halt': 0, reopen: 0 };
  const events = eventTexts({ failures: failuresIn(counters), restarts: noRestarts });
  return [
    ['bytes', sizeText(bytesOf(direction, counters))],
    ['time', `${seconds.toFixed(3)} s`],
    ['rate', `${binarySize(counters.bytes_per_second)}/s on average`],
    ['transfers', transfersText(counters.transfers, statuses)],
    ['events', events.join(', ') || 'none'],
    ...(direction === 'in' ? [['gaps', String(gapsOf(direction, counters))] as const] : []),
    ['throttled', timeText(throttled)],
    [
      'queue empty',
      starved > 0
        ? `${shortTime(starved)}, ${countOf(counters.starved_count, 'time')}`
        : timeText(starved),
    ],
  ];
}

/** A time of a state, which there may not have been. */
export function timeText(seconds: number): string {
  return seconds > 0 ? shortTime(seconds) : 'never';
}

/** `246`, or `246: 199 completed, 47 stall` */
function transfersText(count: number, statuses: readonly (readonly [number, string])[]): string {
  const parts = statuses.map(([part, status]) => `${part} ${status}`);
  const isPlain = statuses.every(([, status]) => status === 'completed');
  return isPlain ? String(count) : `${count}: ${parts.join(', ')}`;
}

/** The row about the end of a run; without one, the run was killed. */
export function endFact(end: End | undefined): Fact {
  if (end === undefined) {
    return ['ended', 'not in the file: the run was killed, or has not ended'];
  }
  const { end_reason: reason, error, exit_code: code } = end;
  const why = error ? `: ${sanitize(error, LONGEST_ERROR)}` : '';
  return ['ended', `${sanitize(reason)} (exit code ${code})${why}`];
}

const LONGEST_ERROR = 500;

/** `65536 (64.0 KiB)` */
export function sizeText(bytes: number): string {
  return `${bytes} (${binarySize(bytes)})`;
}

/** The rows of a direction of `pipe`, each with the direction. */
export function directed(direction: Direction, facts: readonly Fact[]): Fact[] {
  return facts.map(([label, value]) => [`${label} ${direction.toUpperCase()}`, value]);
}

/** What caused a gap, as a file names it. */
export function gapCause(cause: string): string {
  return sanitize(causeText(cause as Parameters<typeof causeText>[0]));
}
