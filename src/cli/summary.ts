import type { End } from '../transfer/end.js';
import type { Statistics } from '../transfer/statistics.js';
import type { DeviceInfo } from '../usb/backend.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';
import { TRANSFER_STATUSES } from '../usb/transfer-status.js';
import { binarySize, endpointName, hex4 } from './format.js';
import { escapeUnsafe } from './sanitize.js';

/** All that a summary tells of. */
export interface Report {
  readonly device: DeviceInfo;
  readonly location: EndpointLocation;
  readonly end: End;
  readonly statistics: Statistics;
  /** Bytes that may wait for the output. */
  readonly backlog: number;
  /** The signal that ended the capture, if one did. */
  readonly signal: NodeJS.Signals | undefined;
  /** How often, and for how long in milliseconds, the process was stopped (Ctrl-Z) meanwhile. */
  readonly suspensions: { readonly count: number; readonly milliseconds: number };
  /** What the process has used of the machine. */
  readonly usage: Pick<NodeJS.ResourceUsage, 'userCPUTime' | 'systemCPUTime' | 'maxRSS'>;
  /** Why the device could not be given back as it was, if so. */
  readonly unrestored: Error | undefined;
  readonly exitCode: number;
}

const SCHEMA = 'usbxfer.read/1';

/** Gaps that the summary shows one by one; JSON has more. */
const MOST_GAPS = 10;

/** The summary for a person: two lines, and more where bytes went elsewhere or may be missing. */
export function summaryText(report: Report): string {
  const { end, statistics, signal, suspensions } = report;
  const { bytesWritten, seconds } = statistics;
  const lines = [
    `${bytesWritten} bytes (${binarySize(bytesWritten)}) in ${seconds.toFixed(3)} s, ` +
      `${binarySize(statistics.bytesPerSecond)}/s${peak(statistics)}, ${countOf(statistics.transfers, 'transfer')}; ` +
      `ended: ${ending(end, signal)}`,
    TRANSFER_STATUSES.map((status) => `${status} ${statistics.statuses[status]}`).join(', '),
  ];
  lines.push(...asideLines(statistics), ...gapLines(statistics), ...dryLines(report));
  if (suspensions.count > 0) {
    const seconds = (suspensions.milliseconds / 1000).toFixed(1);
    lines.push(`stopped for ${seconds} s: the device may have lost data meanwhile`);
  }
  return lines.join('\n');
}

/** The highest rate, where the capture was long enough to have one besides the average. */
function peak({ flow, bytesPerSecond }: Statistics): string {
  const { peakBytesPerSecond } = flow.pace;
  return peakBytesPerSecond > bytesPerSecond ? ` (peak ${binarySize(peakBytesPerSecond)}/s)` : '';
}

/** When nothing was in flight, whose fault it was, and what helps. */
function dryLines({ statistics, backlog }: Report): string[] {
  const { dryByOutput, dryByHost } = statistics.flow;
  const lines: string[] = [];
  if (dryByOutput.count > 0) {
    lines.push(
      `the device had to wait ${countOf(dryByOutput.count, 'time')}, ` +
        `${inSeconds(dryByOutput.milliseconds)} in all: the output was too slow, and ` +
        `${binarySize(backlog)} were waiting for it; a faster reader or disk helps, ` +
        'for bursts a larger --buffer',
    );
  }
  if (dryByHost.count > 0) {
    lines.push(
      `the device had to wait ${countOf(dryByHost.count, 'time')}, ` +
        `${inSeconds(dryByHost.milliseconds)} in all at least: this machine was too busy to ask ` +
        'for more in time; less load on it helps, or more in flight: --transfers, --transfer-size',
    );
  }
  return lines;
}

function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)} s`;
}

/** Bytes that were received and are not in the output. */
function asideLines({ bytesSkipped, bytesDiscarded, bytesUnwritten }: Statistics): string[] {
  const parts = [
    [bytesSkipped, 'skipped'],
    [bytesDiscarded, 'past the limit'],
    [bytesUnwritten, 'unwritten'],
  ] as const;
  const told = parts
    .filter(([bytes]) => bytes > 0)
    .map(([bytes, what]) => `${bytes} bytes ${what}`);
  return told.length > 0 ? [`received but not written: ${told.join(', ')}`] : [];
}

function gapLines({ gaps, gapCount }: Statistics): string[] {
  const lines = gaps
    .slice(0, MOST_GAPS)
    .map(
      ({ offset, seconds, cause }) =>
        `gap at byte ${offset}, after ${seconds.toFixed(3)} s: ${cause}`,
    );
  const more = gapCount - lines.length;
  return more > 0 ? [...lines, `and ${countOf(more, 'more gap')}`] : lines;
}

/** The summary for a program: the object that `--json` prints. */
export function summaryRecord(report: Report): Record<string, unknown> {
  const { device, location, end, statistics, signal, usage, exitCode } = report;
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
    bytes_received: statistics.bytesReceived,
    bytes_written: statistics.bytesWritten,
    bytes_skipped: statistics.bytesSkipped,
    bytes_discarded: statistics.bytesDiscarded,
    bytes_unwritten: statistics.bytesUnwritten,
    bytes_suspect: statistics.bytesSuspect,
    seconds: statistics.seconds,
    bytes_per_second: statistics.bytesPerSecond,
    ...flowRecord(statistics),
    cpu_seconds: (usage.userCPUTime + usage.systemCPUTime) / 1_000_000,
    peak_memory_bytes: usage.maxRSS * 1024,
    transfers: statistics.transfers,
    short_transfers: statistics.shortTransfers,
    empty_transfers: statistics.emptyTransfers,
    transfer_sizes: sizesRecord(statistics),
    statuses: Object.fromEntries(
      TRANSFER_STATUSES.map((status) => [status.replace('-', '_'), statistics.statuses[status]]),
    ),
    gaps: statistics.gaps,
    gap_count: statistics.gapCount,
    suspensions: report.suspensions.count,
    seconds_suspended: report.suspensions.milliseconds / 1000,
    end: end.reason,
    signal: end.reason === 'interrupted' ? (signal ?? null) : null,
    error: describeFailure(report) ?? null,
    exit_code: exitCode,
  };
}

/** When data came, and how well the pool was kept full. */
function flowRecord({ flow, bytesPerSecond, backlogPeak }: Statistics): Record<string, unknown> {
  const { pace, heldUp, dryByOutput, dryByHost } = flow;
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
    dry_count: dryByOutput.count + dryByHost.count,
    dry_seconds: (dryByOutput.milliseconds + dryByHost.milliseconds) / 1000,
    dry_by_output_seconds: dryByOutput.milliseconds / 1000,
    dry_by_host_seconds: dryByHost.milliseconds / 1000,
  };
}

/** How many transfers brought how much: the most bytes in each class, and the number in it. */
function sizesRecord({ sizes }: Statistics): Record<string, number> {
  const record: Record<string, number> = {};
  sizes.forEach((count, sizeClass) => {
    if (count > 0) {
      record[sizeClass === 0 ? 0 : 2 ** (sizeClass - 1)] = count;
    }
  });
  return record;
}

/** What went wrong and what to do about it, in one line; undefined when nothing did. */
export function describeFailure(report: Report): string | undefined {
  const { unrestored } = report;
  const failures = [describeEnd(report), unrestored && escapeUnsafe(unrestored.message)];
  return failures.filter((failure) => failure !== undefined).join('; ') || undefined;
}

function describeEnd({ end, location, statistics }: Report): string | undefined {
  const endpoint = endpointName(location.endpoint.address);
  const kept = whatIsKept(end, statistics);
  switch (end.reason) {
    case 'stall':
      return end.cause
        ? `endpoint ${endpoint} stalled: ${reason(end)}; ${kept}`
        : `endpoint ${endpoint} stalled: the device halted it; --keep-going clears the halt and goes on; ${kept}`;
    case 'error':
      return `a transfer error on endpoint ${endpoint}: check cable, hub and power; --keep-going goes on behind it; ${kept}`;
    case 'overflow':
      return `endpoint ${endpoint} overflowed: the device sent more than was asked for; ${kept}${suspect(statistics)}`;
    case 'device-lost':
      return `the device is gone${end.cause ? ` (${reason(end)})` : ''}; ${kept}`;
    case 'output-failed':
      return `the output failed: ${reason(end)}; of ${statistics.bytesReceived} bytes received ${statistics.bytesWritten} are written`;
    case 'submit-failed':
      return `${reason(end)}; ask for less at once with --transfers or --transfer-size; ${kept}`;
    case 'internal':
      return `internal error: ${reason(end)}; ${kept}`;
    default:
      return whatIsMissing(statistics);
  }
}

function suspect({ bytesSuspect }: Statistics): string {
  return bytesSuspect > 0 ? `; the last ${bytesSuspect} of these are suspect` : '';
}

function countOf(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function whatIsMissing({ gapCount }: Statistics): string | undefined {
  return gapCount === 0
    ? undefined
    : `the output has ${countOf(gapCount, 'gap')}, where bytes may be missing`;
}

function whatIsKept({ offset }: End, { bytesWritten }: Statistics): string {
  return offset === undefined || offset === bytesWritten
    ? `the ${bytesWritten} bytes before it are written`
    : `of ${bytesWritten} bytes written the first ${offset} came before it`;
}

function ending(end: End, signal: NodeJS.Signals | undefined): string {
  const words: Partial<Record<End['reason'], string>> = {
    limit: 'limit reached',
    duration: 'duration over',
    idle: 'the device fell silent',
    interrupted: signal ?? 'interrupted',
    'reader-closed': 'reader closed the pipe',
  };
  return words[end.reason] ?? end.reason;
}

function reason(end: End): string {
  return escapeUnsafe(end.cause?.message ?? 'no reason given');
}
