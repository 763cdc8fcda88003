import { endRecord } from './end-record.js';
import type { Meter } from './meter.js';
import type { Report } from './report.js';
import { type Subject, timeOf } from './subject.js';

/**
 * How far it is: a line of `--stats`, as the schema says that the subject names.
 *
 * @param now monotonic milliseconds
 */
export function statsRecord(subject: Subject, now: number): Record<string, unknown> {
  return {
    schema: subject.schema,
    final: false,
    time: new Date().toISOString(),
    ...subject.record(now),
  };
}

/** The last line: the sums, and how it ended. */
export function finalStatsRecord(subject: Subject, report: Report): Record<string, unknown> {
  return { ...statsRecord(subject, timeOf(subject)), final: true, ...endRecord(report) };
}

/** What is told of each direction, whichever it is. */
export function directionRecord(meter: Meter, now: number): Record<string, unknown> {
  const { statistics } = meter;
  const { flow } = statistics;
  const seconds = statistics.secondsAt(now);
  const interval = meter.intervalAt(now);
  return {
    seconds,
    bytes_per_second: seconds > 0 ? statistics.bytesDelivered / seconds : 0,
    interval_seconds: interval.seconds,
    interval_bytes_per_second: interval.bytesPerSecond,
    in_flight: statistics.inFlight,
    held_up_seconds: flow.heldUp.millisecondsAt(now) / 1000,
    dry_count: flow.dryByPeer.count + flow.dryByHost.count,
    dry_seconds: flow.dryMillisecondsAt(now) / 1000,
  };
}
