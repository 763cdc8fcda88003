import { failedRequest } from './failed-request.js';
import { endpointName } from './format.js';
import { reasonOf } from './reason.js';
import type { PipeReport } from './report.js';

/** How it ended, and in which direction it failed, where it did in one. */
export interface PipeEnding
  extends Pick<PipeReport, 'end' | 'in' | 'out' | 'statistics' | 'signal' | 'errorCode'> {
  readonly failed: 'in' | 'out' | undefined;
}

/** What went wrong and what to do about it, in one line; undefined when nothing did. */
export function describePipeFailure(ending: PipeEnding): string | undefined {
  const { end, signal, errorCode, failed } = ending;
  const { address } = ending[failed ?? 'in'].endpoint;
  const endpoint = `endpoint ${endpointName(address)}`;
  const done = whatIsDone(ending);
  switch (errorCode) {
    case 'stall':
      return `${endpoint} stalled: the device halted it; ${done}`;
    case 'transfer-error':
      return `a transfer error on ${endpoint}: check cable, hub and power; ${done}`;
    case 'overflow':
      return `${endpoint} overflowed: the device sent more than was asked for; ${done}`;
    case 'device-lost':
      return `the device is gone${end.cause ? ` (${reasonOf(end)})` : ''}; ${done}`;
    case 'input-failed':
      return `the input failed: ${reasonOf(end)}; ${done}`;
    case 'output-failed':
      return `the output failed: ${reasonOf(end)}; ${done}`;
    case 'request-failed':
      return `${failedRequest(end)}; ${done}`;
    case 'submit-failed':
      return `${reasonOf(end)}; ask for less at once with --transfers or --transfer-size; ${done}`;
    case 'internal':
      return `internal error: ${reasonOf(end)}; ${done}`;
    case 'idle':
      return `the device fell silent before --bytes, for the time of --linger; ${done}`;
    case 'timeout':
      return `the time was over before the end of the input; ${done}`;
    case 'interrupted':
      return `${signal} before the end; ${done}`;
    default:
      return undefined;
  }
}

function whatIsDone({ statistics }: PipeEnding): string {
  const { bytesRead, bytesAccepted, bytesBeyond } = statistics.out;
  const { bytesReceived, bytesWritten } = statistics.in;
  const beyond = bytesBeyond > 0 ? `, and ${bytesBeyond} more behind a hole` : '';
  return (
    `of ${bytesRead} bytes read the device has taken ${bytesAccepted}${beyond}, ` +
    `of ${bytesReceived} received ${bytesWritten} are written`
  );
}
