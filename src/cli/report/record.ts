import type {
  ReceiveStatistics,
  SendStatistics,
  Statistics,
} from '../../engine/stats/statistics.js';
import { formatEndpoint, hex4 } from '../../usb/format.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { TRANSFER_STATUSES } from '../../usb/transfer-status.js';
import {
  describeFailure,
  type PipeReport,
  type ReadReport,
  type Report,
  type WriteReport,
} from './report.js';

/*
 * The counters that each record for programs has.
 */

/** Of what is received. */
export function receiveCounters(statistics: ReceiveStatistics): Record<string, unknown> {
  return {
    bytes_received: statistics.bytesReceived,
    bytes_written: statistics.bytesWritten,
    bytes_skipped: statistics.bytesSkipped,
    bytes_discarded: statistics.bytesDiscarded,
    bytes_unwritten: statistics.bytesUnwritten,
    bytes_suspect: statistics.bytesSuspect,
    ...transferCounters(statistics),
    short_transfers: statistics.shortTransfers,
    empty_transfers: statistics.emptyTransfers,
    gap_count: statistics.gapCount,
  };
}

/** Of what is sent. */
export function sendCounters(statistics: SendStatistics): Record<string, unknown> {
  return {
    bytes_read: statistics.bytesRead,
    bytes_accepted: statistics.bytesAccepted,
    bytes_unsent: statistics.bytesUnsent,
    bytes_after_gap: statistics.bytesAfterGap,
    ...transferCounters(statistics),
    zero_length_packets: statistics.zeroLengthPackets,
  };
}

function transferCounters({ transfers, statuses }: Statistics): Record<string, unknown> {
  return {
    transfers,
    statuses: Object.fromEntries(
      TRANSFER_STATUSES.map((status) => [status.replace('-', '_'), statuses[status]]),
    ),
  };
}

/** When data moved, and how well the pool was kept full. */
export function flowRecord(statistics: Statistics): Record<string, unknown> {
  const { timings, seconds, bytesPerSecond } = statistics;
  const { data, throttled, starved } = timings;
  return {
    seconds,
    bytes_per_second: bytesPerSecond,
    peak_bytes_per_second: Math.max(data.peakBytesPerSecond, bytesPerSecond),
    first_byte_seconds: data.firstByte === undefined ? null : data.firstByte / 1000,
    completion_interval_seconds: {
      p50: data.intervalPercentile(50) / 1000,
      p99: data.intervalPercentile(99) / 1000,
      max: data.longestInterval / 1000,
    },
    min_in_flight: timings.minInFlight,
    throttled_count: throttled.count,
    throttled_seconds: throttled.milliseconds / 1000,
    starved_count: starved.count,
    starved_seconds: starved.milliseconds / 1000,
    transfer_sizes: sizesRecord(statistics),
  };
}

/** What the process has used, and how often it was stopped. */
export function processRecord({ usage, suspensions }: Report): Record<string, unknown> {
  return {
    cpu_seconds: (usage.userCPUTime + usage.systemCPUTime) / 1_000_000,
    peak_memory_bytes: usage.maxRSS * 1024,
    suspended_count: suspensions.count,
    suspended_seconds: suspensions.milliseconds / 1000,
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

/** How it ended, for programs. */
export function endRecord(report: Report): Record<string, unknown> {
  const { end, signal, errorCode, exitCode } = report;
  return {
    end_reason: end.reason,
    signal: end.reason === 'interrupted' ? (signal ?? null) : null,
    error: describeFailure(report) ?? null,
    error_code: errorCode ?? null,
    exit_code: exitCode,
  };
}

/** The device whose data moved, for programs. */
export function transferDeviceRecord(device: DeviceInfo): Record<string, unknown> {
  return {
    path: device.path,
    bus: device.bus,
    address: device.address,
    vid: hex4(device.vid),
    pid: hex4(device.pid),
    serial: device.serial ?? null,
  };
}

/** The endpoint that it moved through. */
export function locationRecord(location: EndpointLocation): Record<string, unknown> {
  return {
    endpoint: formatEndpoint(location.endpoint.address),
    interface: location.interfaceNumber,
    alternate_setting: location.alternateSetting,
  };
}

const READ_SCHEMA = 'usbxfer.read/2';

/** The summary for a program: the object that `--json` prints. */
export function readRecord(report: ReadReport): Record<string, unknown> {
  const { device, location, output, statistics } = report;
  return {
    schema: READ_SCHEMA,
    device: transferDeviceRecord(device),
    ...locationRecord(location),
    output: output ?? null,
    ...receiveCounters(statistics),
    ...flowRecord(statistics),
    buffered_peak_bytes: statistics.bytesBufferedPeak,
    gaps: statistics.gaps,
    ...processRecord(report),
    ...endRecord(report),
  };
}

const WRITE_SCHEMA = 'usbxfer.write/2';

/** The summary for a program: the object that `--json` prints. */
export function writeRecord(report: WriteReport): Record<string, unknown> {
  const { device, location, input, skip, statistics } = report;
  return {
    schema: WRITE_SCHEMA,
    device: transferDeviceRecord(device),
    ...locationRecord(location),
    input: input ?? null,
    skip,
    ...sendCounters(statistics),
    resume_at: skip + statistics.bytesAccepted,
    ...flowRecord(statistics),
    buffered_peak_bytes: statistics.bytesBufferedPeak,
    ...processRecord(report),
    ...endRecord(report),
  };
}

const PIPE_SCHEMA = 'usbxfer.pipe/2';

/** The summary for a program: the object that `--json` prints. */
export function pipeRecord(report: PipeReport): Record<string, unknown> {
  const { device, input, output } = report;
  const { in: received, out: sent } = report.statistics;
  return {
    schema: PIPE_SCHEMA,
    device: transferDeviceRecord(device),
    interface: report.in.interfaceNumber,
    alternate_setting: report.in.alternateSetting,
    in: {
      endpoint: formatEndpoint(report.in.endpoint.address),
      output: output ?? null,
      ...receiveCounters(received),
      ...flowRecord(received),
      buffered_peak_bytes: received.bytesBufferedPeak,
    },
    out: {
      endpoint: formatEndpoint(report.out.endpoint.address),
      input: input ?? null,
      ...sendCounters(sent),
      ...flowRecord(sent),
      buffered_peak_bytes: sent.bytesBufferedPeak,
    },
    ...processRecord(report),
    ...endRecord(report),
  };
}
