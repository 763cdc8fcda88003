import type { Statistics } from '../transfer/statistics.js';
import type { Report } from './report.js';

/** When data moved, and how well the pool was kept full. */
export function flowRecord(statistics: Statistics): Record<string, unknown> {
  const { flow, seconds, bytesPerSecond } = statistics;
  const { pace, heldUp, dryByPeer, dryByHost } = flow;
  return {
    seconds,
    bytes_per_second: bytesPerSecond,
    peak_bytes_per_second: Math.max(pace.peakBytesPerSecond, bytesPerSecond),
    first_byte_seconds: pace.firstByte === undefined ? null : pace.firstByte / 1000,
    interval_seconds: {
      p50: pace.intervalPercentile(50) / 1000,
      p99: pace.intervalPercentile(99) / 1000,
      max: pace.longestInterval / 1000,
    },
    least_in_flight: flow.leastInFlight,
    held_up_count: heldUp.count,
    held_up_seconds: heldUp.milliseconds / 1000,
    dry_count: dryByPeer.count + dryByHost.count,
    dry_seconds: (dryByPeer.milliseconds + dryByHost.milliseconds) / 1000,
    dry_by_host_seconds: dryByHost.milliseconds / 1000,
    transfer_sizes: sizesRecord(statistics),
  };
}

/** What the process has used, and how often it was stopped. */
export function processRecord({ usage, suspensions }: Report): Record<string, unknown> {
  return {
    cpu_seconds: (usage.userCPUTime + usage.systemCPUTime) / 1_000_000,
    peak_memory_bytes: usage.maxRSS * 1024,
    suspensions: suspensions.count,
    seconds_suspended: suspensions.milliseconds / 1000,
  };
}

/** How many transfers moved how much: the most bytes in each class, and the number in it. */
function sizesRecord({ sizes }: Statistics): Record<string, number> {
  const record: Record<string, number> = {};
  sizes.forEach((count, sizeClass) => {
    if (count > 0) {
      record[sizeClass === 0 ? 0 : 2 ** (sizeClass - 1)] = count;
    }
  });
  return record;
}
