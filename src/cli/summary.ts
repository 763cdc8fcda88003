import type { End } from '../transfer/end.js';
import type { Statistics } from '../transfer/statistics.js';
import type { DeviceInfo } from '../usb/backend.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';
import { TRANSFER_STATUSES } from '../usb/transfer-status.js';
import { binarySize, endpointName, hex4 } from './format.js';
import { sanitize } from './sanitize.js';

/** All that a summary tells of. */
export interface Report {
  readonly device: DeviceInfo;
  readonly location: EndpointLocation;
  readonly end: End;
  readonly statistics: Statistics;
  /** The signal that ended the capture, if one did. */
  readonly signal: NodeJS.Signals | undefined;
  readonly exitCode: number;
}

const SCHEMA = 'usbxfer.read/1';

/** The summary for a person: two lines, and a third when bytes went elsewhere than to the output. */
export function summaryText({ end, statistics, signal }: Report): string {
  const { bytesWritten, bytesDiscarded, bytesUnwritten, seconds } = statistics;
  const lines = [
    `${bytesWritten} bytes (${binarySize(bytesWritten)}) in ${seconds.toFixed(3)} s, ` +
      `${binarySize(statistics.bytesPerSecond)}/s, ${statistics.transfers} transfers; ` +
      `ended: ${ending(end, signal)}`,
    TRANSFER_STATUSES.map((status) => `${status} ${statistics.statuses[status]}`).join(', '),
  ];
  if (bytesDiscarded + bytesUnwritten > 0) {
    lines.push(
      `received but not written: ${bytesDiscarded} bytes past the limit, ${bytesUnwritten} bytes unwritten`,
    );
  }
  return lines.join('\n');
}

/** The summary for a program: the object that `--json` prints. */
export function summaryRecord(report: Report): Record<string, unknown> {
  const { device, location, end, statistics, signal, exitCode } = report;
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
    bytes_discarded: statistics.bytesDiscarded,
    bytes_unwritten: statistics.bytesUnwritten,
    bytes_suspect: statistics.bytesSuspect,
    seconds: statistics.seconds,
    bytes_per_second: statistics.bytesPerSecond,
    transfers: statistics.transfers,
    short_transfers: statistics.shortTransfers,
    empty_transfers: statistics.emptyTransfers,
    statuses: Object.fromEntries(
      TRANSFER_STATUSES.map((status) => [status.replace('-', '_'), statistics.statuses[status]]),
    ),
    end: end.reason,
    signal: signal ?? null,
    error: describeFailure(report) ?? null,
    exit_code: exitCode,
  };
}

/** What went wrong and what to do about it, in one line; undefined when nothing did. */
export function describeFailure({ end, location, statistics }: Report): string | undefined {
  const endpoint = endpointName(location.endpoint.address);
  const kept = `the ${statistics.bytesWritten} bytes before it are written`;
  switch (end.reason) {
    case 'stall':
      return `endpoint ${endpoint} stalled: the device halted it; ${kept}`;
    case 'error':
      return `a transfer error on endpoint ${endpoint}: check cable, hub and power; ${kept}`;
    case 'overflow':
      return `endpoint ${endpoint} overflowed: the device sent more than was asked for; ${kept}, the last ${statistics.bytesSuspect} are suspect`;
    case 'device-lost':
      return `the device is gone; ${kept}`;
    case 'output-failed':
      return `the output failed: ${reason(end)}; of ${statistics.bytesReceived} bytes received ${statistics.bytesWritten} are written`;
    case 'submit-failed':
      return `${reason(end)}; ask for less at once with --transfers or --transfer-size; ${kept}`;
    case 'internal':
      return `internal error: ${reason(end)}; ${kept}`;
    default:
      return undefined;
  }
}

function ending(end: End, signal: NodeJS.Signals | undefined): string {
  const words: Partial<Record<End['reason'], string>> = {
    limit: 'byte limit reached',
    duration: 'duration over',
    interrupted: signal ?? 'interrupted',
    'reader-closed': 'reader closed the pipe',
  };
  return words[end.reason] ?? end.reason;
}

function reason(end: End): string {
  return sanitize(end.cause?.message ?? 'no reason given');
}
