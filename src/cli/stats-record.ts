import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { countersRecord } from './counters-record.js';
import { endRecord } from './end-record.js';
import type { Report } from './report.js';

const SCHEMA = 'usbxfer.stats/1';

/** Where the interval before ended. */
export interface Mark {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly bytesReceived: number;
}

/**
 * How far a capture is: a line of `--stats` (schema/stats.schema.json).
 *
 * @param since where the interval begins that it tells of
 * @param now monotonic milliseconds
 */
export function statsRecord(
  statistics: ReceiveStatistics,
  since: Mark,
  now: number,
): Record<string, unknown> {
  const { bytesReceived, bytesWritten, flow } = statistics;
  const seconds = statistics.secondsAt(now);
  const intervalSeconds = Math.max(0, now - since.at) / 1000;
  const intervalBytes = bytesReceived - since.bytesReceived;
  return {
    schema: SCHEMA,
    final: false,
    time: new Date().toISOString(),
    seconds,
    bytes_per_second: seconds > 0 ? bytesWritten / seconds : 0,
    interval_seconds: intervalSeconds,
    interval_bytes_received: intervalBytes,
    interval_bytes_per_second: intervalSeconds > 0 ? intervalBytes / intervalSeconds : 0,
    ...countersRecord(statistics),
    bytes_waiting: statistics.backlog,
    in_flight: statistics.inFlight,
    held_up_seconds: flow.heldUp.millisecondsAt(now) / 1000,
    dry_count: flow.dryByPeer.count + flow.dryByHost.count,
    dry_seconds: flow.dryMillisecondsAt(now) / 1000,
  };
}

/** The last line: the sums, and how the capture ended. */
export function finalStatsRecord(report: Report, since: Mark): Record<string, unknown> {
  return {
    ...statsRecord(report.statistics, since, report.statistics.endedAt),
    final: true,
    ...endRecord(report),
  };
}
