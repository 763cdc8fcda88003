import type { Outcome } from '../../engine/session/outcome.js';
import type { ReceiveStatistics, SendStatistics } from '../../engine/stats/statistics.js';
import { type ControlRequest, directionOfRequest, recipientOf, typeOf } from '../../usb/control.js';
import { formatEndpoint } from '../../usb/format.js';
import { adviceOf } from '../errors/advice.js';
import { systemReason } from '../errors/cli-error.js';
import { countOf } from '../terminal/format.js';
import { escapeUnsafe } from '../terminal/sanitize.js';
import type { PipeReport, ReadReport, WriteReport } from './report.js';

/** The failure behind an end, and what to do about it, in one line. */
export function reasonOf({ cause }: Pick<Outcome, 'cause'>): string {
  const advice = adviceOf(cause);
  return escapeUnsafe(messageOf(cause) + (advice === undefined ? '' : `; ${advice}`));
}

function messageOf(cause: Error | undefined): string {
  if (cause === undefined) {
    return 'no reason given';
  }
  return 'syscall' in cause ? systemReason(cause) : cause.message;
}

/** Which control request ended a transfer, and why it failed, in one line. */
export function failedRequest(end: Outcome): string {
  const which = end.request ? `the control request '${textOf(end.request)}'` : 'a control request';
  return `${which} failed: ${reasonOf(end)}`;
}

/** A request as an option has it, without its data: `out vendor device 0x4d 0x1 0x0`. */
function textOf(request: ControlRequest): string {
  const type = typeOf(request);
  const recipient = recipientOf(request);
  const kind =
    type && recipient
      ? `${directionOfRequest(request)} ${type} ${recipient}`
      : hexadecimal(request.requestType);
  return [kind, ...[request.request, request.value, request.index].map(hexadecimal)].join(' ');
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}

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
  const endpoint = formatEndpoint(location.endpoint.address);
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

function whatIsKept({ offset }: Outcome, { bytesWritten }: ReceiveStatistics): string {
  return offset === undefined || offset === bytesWritten
    ? `the ${bytesWritten} bytes before it are written`
    : `of ${bytesWritten} bytes written the first ${offset} came before it`;
}

/** How a sending ended, and what was asked for. */
export type WriteEnding = Pick<
  WriteReport,
  'end' | 'location' | 'statistics' | 'signal' | 'errorCode' | 'skip' | 'bytes'
>;

/** What went wrong with a sending and what to do about it, in one line; undefined when nothing did. */
export function describeWriteFailure(ending: WriteEnding): string | undefined {
  const { end, location, statistics, signal, errorCode, bytes } = ending;
  const endpoint = formatEndpoint(location.endpoint.address);
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
  const { bytesAccepted, bytesAfterGap } = statistics;
  if (bytesAfterGap > 0) {
    return (
      `the device has taken ${taken(statistics)}, and ${bytesAfterGap} more behind a hole: begin ` +
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

/** How it ended, and in which direction it failed, where it did in one. */
export interface PipeEnding
  extends Pick<PipeReport, 'end' | 'in' | 'out' | 'statistics' | 'signal' | 'errorCode'> {
  readonly failedDirection: 'in' | 'out' | undefined;
}

/** What went wrong and what to do about it, in one line; undefined when nothing did. */
export function describePipeFailure(ending: PipeEnding): string | undefined {
  const { end, signal, errorCode, failedDirection } = ending;
  const { address } = ending[failedDirection ?? 'in'].endpoint;
  const endpoint = `endpoint ${formatEndpoint(address)}`;
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
  const { bytesRead, bytesAccepted, bytesAfterGap } = statistics.out;
  const { bytesReceived, bytesWritten } = statistics.in;
  const beyond = bytesAfterGap > 0 ? `, and ${bytesAfterGap} more behind a hole` : '';
  return (
    `of ${bytesRead} bytes read the device has taken ${bytesAccepted}${beyond}, ` +
    `of ${bytesReceived} received ${bytesWritten} are written`
  );
}
