import { formatEndpoint, hex4 } from '../../usb/format.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { type Direction, receiving, sending } from './direction.js';
import { describeFailures } from './failure.js';
import type { InReport, OutReport, Report } from './report.js';
import { limitOf } from './words.js';

/** The summary for programs: the object that `--json` prints. */
export function summaryRecord(report: Report): Record<string, unknown> {
  const { in: received, out: sent } = report;
  const location = (received ?? sent)?.location;
  return {
    schema: schemaOf(report),
    device: deviceRecord(report.device),
    configuration: location?.configuration ?? report.device.configurationValue,
    ...(location && placeRecord(location)),
    ...(received && sent
      ? {
          in: { ...inRecord(received), ...placeRecord(received.location) },
          out: { ...outRecord(sent), ...placeRecord(sent.location) },
        }
      : { ...(received && inRecord(received)), ...(sent && outRecord(sent)) }),
    ...processRecord(report),
    ...endRecord(report),
  };
}

function schemaOf({ in: received, out: sent }: Report): string {
  return received && sent ? 'usbxfer.pipe/2' : received ? 'usbxfer.read/2' : 'usbxfer.write/2';
}

function inRecord({ location, output, statistics }: InReport): Record<string, unknown> {
  return {
    ...endpointRecord(location),
    output: output ?? null,
    ...directionRecord(receiving(statistics)),
    gaps: statistics.gaps.map((gap) => ({ ...gap, time: gap.time.toISOString() })),
    loss_offset: statistics.lossOffset ?? null,
  };
}

function outRecord({ location, input, skip, statistics }: OutReport): Record<string, unknown> {
  return {
    ...endpointRecord(location),
    input: input ?? null,
    skip,
    ...directionRecord(sending(statistics)),
    accepted_is_minimum: statistics.isMinimum,
    resume_at: skip + statistics.bytesAccepted,
  };
}

function placeRecord(location: EndpointLocation): Record<string, unknown> {
  return {
    interface: location.interfaceNumber,
    alternate_setting: location.alternateSetting,
  };
}

function endpointRecord({ endpoint }: EndpointLocation): Record<string, unknown> {
  return { endpoint: formatEndpoint(endpoint.address) };
}

/** The counters, when data was transferred, and how well the transfer queue was kept full. */
function directionRecord(direction: Direction): Record<string, unknown> {
  const { timings, seconds, bytesPerSecond, bytesBufferedPeak, sizes } = direction.statistics;
  const { data, throttled, starved } = timings;
  return {
    ...direction.counters(),
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
    buffered_peak_bytes: bytesBufferedPeak,
    throttled_count: throttled.count,
    throttled_seconds: throttled.milliseconds / 1000,
    starved_count: starved.count,
    starved_seconds: starved.milliseconds / 1000,
    transfer_sizes: sizesRecord(sizes),
  };
}

/** The number of transfers of each size class, by the largest size of the class in bytes. */
function sizesRecord(sizes: Float64Array): Record<string, number> {
  const record: Record<string, number> = {};
  sizes.forEach((count, sizeClass) => {
    if (count > 0) {
      record[sizeClass === 0 ? 0 : 2 ** (sizeClass - 1)] = count;
    }
  });
  return record;
}

/** The resources that the process used, and how often it was suspended. */
function processRecord({ usage, suspensions }: Report): Record<string, unknown> {
  return {
    cpu_seconds: (usage.userCPUTime + usage.systemCPUTime) / 1_000_000,
    peak_memory_bytes: usage.peakMemory,
    suspended_count: suspensions.count,
    suspended_seconds: suspensions.milliseconds / 1000,
  };
}

/** How the stream ended, for programs. */
export function endRecord(report: Report): Record<string, unknown> {
  const { end, in: received, signal, errorCode, exitCode } = report;
  return {
    end_reason: end.reason,
    limit: limitOf(report) ?? null,
    signal: end.reason === 'interrupted' ? (signal ?? null) : null,
    ...(received && { reader_closed: end.reason === 'reader-closed' || end.readerClosed === true }),
    error: describeFailures(report) ?? null,
    error_code: errorCode ?? null,
    exit_code: exitCode,
  };
}

function deviceRecord(device: DeviceInfo): Record<string, unknown> {
  return {
    path: device.path,
    bus: device.bus,
    address: device.address,
    vid: hex4(device.vid),
    pid: hex4(device.pid),
    serial: device.serial ?? null,
  };
}
