import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { countersRecord } from './counters-record.js';
import { endRecord } from './end-record.js';
import { endpointName, hex4 } from './format.js';
import type { Report } from './report.js';

const SCHEMA = 'usbxfer.read/1';

/** The summary for a program: the object that `--json` prints. */
export function summaryRecord(report: Report): Record<string, unknown> {
  const { device, location, output, statistics, usage } = report;
  return {
    schema: SCHEMA,
    device: {
      path: device.path,
      bus: device.bus,
      address: device.address,
      vid: hex4(device.vid),
      pid: hex4(device.pid),
      serial: device.serial ?? null,
    },
    endpoint: endpointName(location.endpoint.address),
    interface: location.interfaceNumber,
    alternate_setting: location.alternateSetting,
    output: output ?? null,
    ...countersRecord(statistics),
    seconds: statistics.seconds,
    bytes_per_second: statistics.bytesPerSecond,
    ...flowRecord(statistics),
    cpu_seconds: (usage.userCPUTime + usage.systemCPUTime) / 1_000_000,
    peak_memory_bytes: usage.maxRSS * 1024,
    transfer_sizes: sizesRecord(statistics),
    gaps: statistics.gaps,
    suspensions: report.suspensions.count,
    seconds_suspended: report.suspensions.milliseconds / 1000,
    ...endRecord(report),
  };
}

/** When data came, and how well the pool was kept full. */
function flowRecord({
  flow,
  bytesPerSecond,
  backlogPeak,
}: ReceiveStatistics): Record<string, unknown> {
  const { pace, heldUp, dryByPeer, dryByHost } = flow;
  return {
    peak_bytes_per_second: Math.max(pace.peakBytesPerSecond, bytesPerSecond),
    first_byte_seconds: pace.firstByte === undefined ? null : pace.firstByte / 1000,
    interval_seconds: {
      p50: pace.intervalPercentile(50) / 1000,
      p99: pace.intervalPercentile(99) / 1000,
      max: pace.longestInterval / 1000,
    },
    least_in_flight: flow.leastInFlight,
    backlog_peak_bytes: backlogPeak,
    held_up_count: heldUp.count,
    held_up_seconds: heldUp.milliseconds / 1000,
    dry_count: dryByPeer.count + dryByHost.count,
    dry_seconds: (dryByPeer.milliseconds + dryByHost.milliseconds) / 1000,
    dry_by_output_seconds: dryByPeer.milliseconds / 1000,
    dry_by_host_seconds: dryByHost.milliseconds / 1000,
  };
}

/** How many transfers brought how much: the most bytes in each class, and the number in it. */
function sizesRecord({ sizes }: ReceiveStatistics): Record<string, number> {
  const record: Record<string, number> = {};
  sizes.forEach((count, sizeClass) => {
    if (count > 0) {
      record[sizeClass === 0 ? 0 : 2 ** (sizeClass - 1)] = count;
    }
  });
  return record;
}
