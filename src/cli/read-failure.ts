import type { End } from '../transfer/end.js';
import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { failedRequest } from './failed-request.js';
import { countOf, endpointName } from './format.js';
import { reasonOf } from './reason.js';
import type { ReadReport } from './report.js';

/** How a capture ended. */
export type ReadEnding = Pick<
  ReadReport,
  'end' | 'location' | 'statistics' | 'signal' | 'errorCode'
>;

/** What went wrong with a capture and what to do about it, in one line; undefined when nothing did. */
export function describeReadFailure({
  end,
  location,
  statistics,
  signal,
  errorCode,
}: ReadEnding): string | undefined {
  const endpoint = endpointName(location.endpoint.address);
  const kept = whatIsKept(end, statistics);
  switch (errorCode) {
    case 'stall':
      return end.cause
        ? `endpoint ${endpoint} stalled: ${reasonOf(end)}; ${kept}`
        : `endpoint ${endpoint} stalled: the device halted it; --keep-going clears the halt and goes on; ${kept}`;
    case 'transfer-error':
      return `a transfer error on endpoint ${endpoint}: check cable, hub and power; --keep-going goes on behind it; ${kept}`;
    case 'overflow':
      return `endpoint ${endpoint} overflowed: the device sent more than was asked for; ${kept}${suspect(statistics)}`;
    case 'device-lost':
      return `the device is gone${end.cause ? ` (${reasonOf(end)})` : ''}; ${kept}`;
    case 'output-failed':
      return `the output failed: ${reasonOf(end)}; of ${statistics.bytesReceived} bytes received ${statistics.bytesWritten} are written`;
    case 'request-failed':
      return `${failedRequest(end)}; ${statistics.bytesWritten} bytes are written`;
    case 'submit-failed':
      return `${reasonOf(end)}; ask for less at once with --transfers or --transfer-size; ${kept}`;
    case 'internal':
      return `internal error: ${reasonOf(end)}; ${kept}`;
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
