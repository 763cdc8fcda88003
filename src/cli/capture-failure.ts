import type { End } from '../transfer/end.js';
import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { UsbError } from '../usb/errors.js';
import { CliError } from './cli-error.js';
import { countOf, endpointName } from './format.js';
import type { Report } from './report.js';
import { escapeUnsafe } from './sanitize.js';
import { systemReason } from './system-reason.js';

/** What went wrong and what to do about it, in one line; undefined when nothing did. */
export function describeFailure(report: Report): string | undefined {
  const { unrestored, unreported } = report;
  const failures = [
    describeEnd(report),
    unrestored && escapeUnsafe(unrestored.message),
    unreported && `--stats has not got all of its records: ${systemReason(unreported)}`,
  ];
  return failures.filter((failure) => failure !== undefined).join('; ') || undefined;
}

function describeEnd({ end, location, statistics, signal, errorCode }: Report): string | undefined {
  const endpoint = endpointName(location.endpoint.address);
  const kept = whatIsKept(end, statistics);
  switch (errorCode) {
    case 'stall':
      return end.cause
        ? `endpoint ${endpoint} stalled: ${reason(end)}; ${kept}`
        : `endpoint ${endpoint} stalled: the device halted it; --keep-going clears the halt and goes on; ${kept}`;
    case 'transfer-error':
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
    case 'gaps':
      return `the output has ${countOf(statistics.gapCount, 'gap')}, where bytes may be missing`;
    case 'idle':
      return `the device fell silent before the limit; ${kept}`;
    case 'interrupted':
      return `${signal} before the limit; ${kept}`;
    default:
      return undefined;
  }
}

function suspect({ bytesSuspect }: ReceiveStatistics): string {
  return bytesSuspect > 0 ? `; the last ${bytesSuspect} of these are suspect` : '';
}

function whatIsKept({ offset }: End, { bytesWritten }: ReceiveStatistics): string {
  return offset === undefined || offset === bytesWritten
    ? `the ${bytesWritten} bytes before it are written`
    : `of ${bytesWritten} bytes written the first ${offset} came before it`;
}

function reason({ cause }: End): string {
  const known = cause instanceof UsbError || cause instanceof CliError;
  const advice = known && cause.advice ? `; ${cause.advice}` : '';
  return escapeUnsafe(`${cause?.message ?? 'no reason given'}${advice}`);
}
