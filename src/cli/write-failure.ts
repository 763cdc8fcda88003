import type { SendStatistics } from '../transfer/send-statistics.js';
import { failedRequest } from './failed-request.js';
import { countOf, endpointName } from './format.js';
import { reasonOf } from './reason.js';
import type { WriteReport } from './report.js';

/** How a sending ended, and what was asked for. */
export type WriteEnding = Pick<
  WriteReport,
  'end' | 'location' | 'statistics' | 'signal' | 'errorCode' | 'skip' | 'bytes'
>;

/** What went wrong with a sending and what to do about it, in one line; undefined when nothing did. */
export function describeWriteFailure(ending: WriteEnding): string | undefined {
  const { end, location, statistics, signal, errorCode, bytes } = ending;
  const endpoint = endpointName(location.endpoint.address);
  const next = whereToGoOn(ending);
  switch (errorCode) {
    case 'stall':
      return `endpoint ${endpoint} stalled: the device halted it${end.cause ? ` (${reasonOf(end)})` : ''}; ${next}`;
    case 'transfer-error':
      return `a transfer error on endpoint ${endpoint}: check cable, hub and power; ${next}`;
    case 'overflow':
      return `endpoint ${endpoint} overflowed; ${next}`;
    case 'device-lost':
      return `the device is gone${end.cause ? ` (${reasonOf(end)})` : ''}; ${next}`;
    case 'input-failed':
      return `the input failed: ${reasonOf(end)}; ${next}`;
    case 'short-input':
      return `the input ended before --bytes: it had ${statistics.bytesRead} bytes, not ${bytes}; the device has taken them all`;
    case 'submit-failed':
      return `${reasonOf(end)}; ask for less at once with --transfers or --transfer-size; ${next}`;
    case 'request-failed':
      return `${failedRequest(end)}; the device has taken ${taken(statistics)}`;
    case 'internal':
      return `internal error: ${reasonOf(end)}; ${next}`;
    case 'idle':
      return `the device took no more before all was sent; ${next}`;
    case 'timeout':
      return `the time was over before all was sent; ${next}`;
    case 'interrupted':
      return `${signal} before all was sent; ${next}`;
    default:
      return undefined;
  }
}

/** How much the device has, and what sends it the rest. */
function whereToGoOn({ statistics, skip, bytes }: WriteEnding): string {
  const { bytesAccepted, bytesBeyond } = statistics;
  if (bytesBeyond > 0) {
    return (
      `the device has taken ${taken(statistics)}, and ${bytesBeyond} more behind a hole: begin ` +
      `anew, as --skip ${skip + bytesAccepted} would send it some of these twice`
    );
  }
  if (bytesAccepted === 0) {
    return `the device has taken ${taken(statistics)}`;
  }
  const rest = bytes === undefined ? '' : ` --bytes ${bytes - bytesAccepted}`;
  return `the device has taken ${taken(statistics)}; --skip ${skip + bytesAccepted}${rest} goes on behind them`;
}

function taken({ bytesAccepted }: SendStatistics): string {
  return bytesAccepted === 0 ? 'nothing' : countOf(bytesAccepted, 'byte');
}
