import { FAILURE_REASONS, type FailureReason } from '../../engine/session/outcome.js';
import { TRANSFER_STATUSES } from '../../usb/transfer-status.js';
import {
  AMOUNT,
  listOf,
  object,
  optional,
  SECONDS,
  type Shape,
  TEXT,
  TIME,
  type TypeOf,
} from '../record/shape.js';
import { MAX_GAPS } from './chart.js';

/*
 * The fields that are used of the JSON of read, write and pipe. The files in schema/ have all fields, and
 * what they mean.
 */

/** An object with an amount for each name, in the spelling of JSON. */
function amounts(names: readonly string[]): Shape<Readonly<Record<string, number>>> {
  return object(Object.fromEntries(names.map((name) => [jsonName(name), AMOUNT])));
}

/** `timed_out` for `timed-out` */
export function jsonName(name: string): string {
  return name.replaceAll('-', '_');
}

const COUNTERS = {
  seconds: SECONDS,
  bytes_per_second: AMOUNT,
  transfers: AMOUNT,
  statuses: amounts(TRANSFER_STATUSES),
  failures: amounts(FAILURE_REASONS),
  throttled_seconds: SECONDS,
  starved_count: AMOUNT,
  starved_seconds: SECONDS,
};

const RECEIVED = { bytes_written: AMOUNT, gap_count: AMOUNT };
const SENT = { bytes_accepted: AMOUNT };

const INTERVAL = { interval_seconds: SECONDS, bytes_buffered: AMOUNT };

/** One direction in a `--stats` record. */
export const PROGRESS = {
  in: object({ ...COUNTERS, ...RECEIVED, ...INTERVAL, interval_bytes_received: AMOUNT }),
  out: object({ ...COUNTERS, ...SENT, ...INTERVAL, interval_bytes_sent: AMOUNT }),
};

const TOTALS = {
  peak_bytes_per_second: AMOUNT,
  completion_interval_seconds: object({ p50: SECONDS, p99: SECONDS, max: SECONDS }),
  buffered_peak_bytes: AMOUNT,
  endpoint: TEXT,
};

/** A gap in a summary. */
const GAP = object({ offset: AMOUNT, seconds: SECONDS, time: TIME, cause: TEXT });

/** One direction in a summary. */
export const TOTAL = {
  in: object({ ...COUNTERS, ...RECEIVED, ...TOTALS, gaps: listOf(GAP, MAX_GAPS) }),
  out: object({ ...COUNTERS, ...SENT, ...TOTALS }),
};

/** How a run ended. */
export const END = object({ end_reason: TEXT, error: optional(TEXT), exit_code: AMOUNT });

export const DEVICE = object({ vid: TEXT, pid: TEXT, serial: optional(TEXT) });

/** The counters of either direction. A field that the other direction has is not checked. */
export type Counters = TypeOf<typeof COUNTERS_SHAPE> & {
  readonly bytes_written?: number;
  readonly bytes_accepted?: number;
  readonly gap_count?: number;
};

const COUNTERS_SHAPE = object(COUNTERS);

export type Direction = 'in' | 'out';

/** The bytes that the output or the device took. */
export function bytesOf(direction: Direction, counters: Counters): number {
  return (direction === 'in' ? counters.bytes_written : counters.bytes_accepted) ?? 0;
}

/** The gaps in the data from the device. */
export function gapsOf(direction: Direction, counters: Counters): number {
  return (direction === 'in' ? counters.gap_count : undefined) ?? 0;
}

export type End = TypeOf<typeof END>;

/** The number of events by reason. */
export function failuresIn({
  failures,
}: Pick<Counters, 'failures'>): Record<FailureReason, number> {
  const entries = FAILURE_REASONS.map((reason) => [reason, failures[jsonName(reason)] ?? 0]);
  return Object.fromEntries(entries);
}
