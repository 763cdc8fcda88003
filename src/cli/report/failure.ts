import type { Outcome } from '../../engine/session/outcome.js';
import type { SendStatistics } from '../../engine/stats/statistics.js';
import { type ControlRequest, directionOfRequest, recipientOf, typeOf } from '../../usb/control.js';
import { UsbError } from '../../usb/errors.js';
import { formatEndpoint } from '../../usb/format.js';
import { adviceOf } from '../errors/advice.js';
import { systemReason } from '../errors/cli-error.js';
import { countOf } from '../terminal/format.js';
import { escapeUnsafe } from '../terminal/sanitize.js';
import type { InReport, OutReport, Report } from './report.js';
import { CANCEL_LOSES_COUNT, goalOptions, lossText } from './words.js';

/** The parts of a report that its failure depends on. */
export type Failed = Pick<
  Report,
  'end' | 'in' | 'out' | 'failedDirection' | 'signal' | 'errorCode'
>;

/**
 * All failures of a stream, in one line; undefined if there are none.
 *
 * @param isMeasured whether the data was only measured: then nothing is said about bytes that were written
 *   or can be sent again, nor about options that continue the stream
 */
export function describeFailures(report: Report, isMeasured = false): string | undefined {
  const { restoreError, statsError } = report;
  const failures = [
    isMeasured ? failureOf(report, false) : describeFailure(report),
    restoreError && reasonOf(restoreError),
    statsError && `some --stats records were lost: ${systemReason(statsError)}`,
  ];
  return failures.filter((text) => text !== undefined).join('; ') || undefined;
}

/** What failed in the stream, and how many bytes are safe, in one line; undefined if nothing failed. */
export function describeFailure(report: Failed): string | undefined {
  const failure = failureOf(report, true);
  const rest = failure === undefined ? undefined : consequence(report);
  return rest === undefined ? failure : `${failure}; ${rest}`;
}

/** @param hasRemedies whether the command has the options of `read` and `write` that help */
function failureOf(report: Failed, hasRemedies: boolean): string | undefined {
  const { end, in: received, out: sent, failedDirection, signal, errorCode } = report;
  const direction = failedDirection ?? (received ? 'in' : 'out');
  const isRead = received !== undefined && sent === undefined;
  const canContinue = isRead && hasRemedies;
  const endpoint = `endpoint ${formatEndpoint(report[direction]?.location.endpoint.address ?? 0)}`;
  switch (errorCode) {
    case 'stall':
      return `${endpoint} stalled${
        end.cause
          ? `: ${reasonOf(end.cause)}`
          : `: the device halted it${hasRemedies ? haltAdvice(report, direction) : ''}`
      }`;
    case 'transfer-error':
      return (
        `transfer error on ${endpoint}: check the cable, the hub and the power supply` +
        (canContinue ? '; --keep-going continues after it' : '')
      );
    case 'overflow':
      return `${endpoint} overflowed${direction === 'in' ? ': the device sent more than requested' : ''}`;
    case 'device-lost':
      return `${lossText(end)}${end.cause ? ` (${reasonOf(end.cause)})` : ''}${
        canContinue && isWithdrawn(end) ? '; --reconnect waits until it can be used again' : ''
      }`;
    case 'device-reset':
      return `${lossText(end)}, or bound a driver to it${end.cause ? ` (${reasonOf(end.cause)})` : ''}${
        canContinue ? '; --keep-going continues after it' : ''
      }`;
    case 'input-failed':
      return `${sent ? 'the input' : 'reading the capture'} failed: ${reasonOf(end.cause)}`;
    case 'output-failed':
      return `the output failed: ${reasonOf(end.cause)}${isRead && isTooLarge(end.cause) ? SPLIT_ADVICE : ''}`;
    case 'request-failed':
      return failedRequest(end);
    case 'submit-failed':
      return `${reasonOf(end.cause)}${
        isOutOfMemory(end) ? '; reduce --transfers or --transfer-size' : ''
      }`;
    case 'internal':
      return `internal error: ${reasonOf(end.cause)}`;
    case 'gaps':
      return `the ${hasRemedies ? 'output' : 'data'} has ${countOf(received?.statistics.gapCount ?? 0, 'gap')} where bytes may be missing`;
    case 'short-input':
      if (sent === undefined) {
        return `the recording ended before ${goalText(report)}`;
      }
      return `the input ended after ${sent.statistics.bytesRead} of ${sent.bytes} bytes (--bytes)`;
    case 'idle':
      if (end.restarts !== undefined) {
        return end.cause === undefined
          ? `the device sent nothing more, not even after ${countOf(end.restarts, 'restart')} in a row (--on-idle)`
          : `the device sent nothing more, and --on-idle failed: ${reasonOf(end.cause)}`;
      }
      return isRead
        ? `the device sent nothing more before ${goalText(report)}`
        : received
          ? 'the device sent nothing more before --bytes was reached, for the time of --linger'
          : 'the device accepted nothing more before all data was sent';
    case 'timeout':
      return `the time limit (--duration) expired before ${goalText(report)}`;
    case 'interrupted':
      return (
        `${signal} before ${received && !isRead ? 'the end' : goalText(report)}` +
        (end.readerClosed ? '; the reader closed the pipe, too' : '')
      );
    default:
      return undefined;
  }
}

/** What helps after a halt: a program that ran before may have left it. */
function haltAdvice({ in: received, out: sent }: Failed, direction: 'in' | 'out'): string {
  if ((direction === 'in' ? received : sent)?.statistics.bytesMoved === 0) {
    return ' before the first byte; --clear-halt clears a halt that was left before';
  }
  return sent === undefined ? '; --keep-going clears the halt and continues' : '';
}

/** Whether the device is on the bus, but cannot be used. */
function isWithdrawn({ loss }: Outcome): boolean {
  return loss === 'deauthorized' || loss === 'deconfigured';
}

function isOutOfMemory({ cause }: Outcome): boolean {
  return cause instanceof UsbError && cause.code === 'no-memory';
}

/** What a stream ended before: `--bytes was reached`. */
function goalText({ in: received, out: sent }: Failed): string {
  const goal = goalOptions(received?.limits).join(' or ');
  if (goal !== '') {
    return `${goal} was reached`;
  }
  return sent === undefined ? 'the limit' : 'all data was sent';
}

const SPLIT_ADVICE = '; limit the size of each file with --split-bytes';

/** Whether the file system or ulimit(1) does not allow larger files. */
function isTooLarge(cause: Error | undefined): boolean {
  return cause !== undefined && 'code' in cause && cause.code === 'EFBIG';
}

/** How many bytes are safe, and how to get the rest. */
function consequence(report: Failed): string | undefined {
  const { in: received, out: sent } = report;
  if (received && sent) {
    return (
      `the device accepted ${atLeast(sent.statistics)}${sent.statistics.bytesAccepted} of ${sent.statistics.bytesRead} bytes ` +
      `read${afterGap(sent.statistics)}; ${writtenOf(received)}`
    );
  }
  return received ? keptBytes(report, received) : sent && acceptedBytes(report, sent);
}

function writtenOf({ statistics }: InReport): string {
  const { bytesReceived, bytesStripped, bytesWritten } = statistics;
  return `${bytesWritten} of ${bytesReceived - bytesStripped} bytes received were written`;
}

function keptBytes({ end, errorCode }: Failed, received: InReport): string | undefined {
  const { bytesWritten, bytesSuspect, failures } = received.statistics;
  switch (errorCode) {
    case 'output-failed':
      return writtenOf(received);
    case 'gaps':
      return undefined;
    case 'request-failed':
      return `${bytesWritten === 0 ? 'nothing was' : written(bytesWritten)} written`;
  }
  if (end.readerClosed) {
    return writtenOf(received);
  }
  const { offset = bytesWritten } = end;
  const kept =
    bytesWritten === 0
      ? 'nothing was written before it'
      : offset === bytesWritten
        ? `the ${written(bytesWritten, ' before it')} written`
        : `${offset} of the ${bytesWritten} bytes written precede it`;
  if (errorCode !== 'overflow' || bytesSuspect === 0) {
    return kept;
  }
  return failures.overflow > 1
    ? `${kept}; ${bytesSuspect} bytes received before the overflows are suspect`
    : `${kept}, and the last ${bytesSuspect} of these are suspect`;
}

/** `1 byte was`, `300 bytes before it were` */
function written(bytes: number, where = ''): string {
  return `${countOf(bytes, 'byte')}${where} ${bytes === 1 ? 'was' : 'were'}`;
}

/** How many bytes the device has, and the options that send it the rest. */
function acceptedBytes({ errorCode }: Failed, { statistics, skip, bytes }: OutReport): string {
  const { bytesAccepted, bytesAfterGap, isMinimum } = statistics;
  const count = bytesAccepted === 0 && !isMinimum ? 'nothing' : countOf(bytesAccepted, 'byte');
  const accepted = `the device accepted ${atLeast(statistics)}${count}`;
  if (errorCode === 'short-input') {
    return 'the device accepted all of them';
  }
  if (errorCode === 'request-failed') {
    return accepted;
  }
  if (bytesAccepted === 0 && bytesAfterGap === 0 && !isMinimum) {
    return accepted;
  }
  const resume = `--skip ${skip + bytesAccepted}`;
  if (errorCode === 'device-reset') {
    return `${accepted}, which the reset may have discarded; start over`;
  }
  if (bytesAfterGap > 0) {
    return `${accepted}${afterGap(statistics)}; start over: ${resume} would send some bytes twice`;
  }
  if (isMinimum) {
    return `${accepted} (${CANCEL_LOSES_COUNT}); start over: ${resume} could send some bytes twice`;
  }
  const rest = bytes === undefined ? '' : ` --bytes ${bytes - bytesAccepted}`;
  return `${accepted}; ${resume}${rest} sends the rest`;
}

function atLeast({ isMinimum }: SendStatistics): string {
  return isMinimum ? 'at least ' : '';
}

function afterGap({ bytesAfterGap }: SendStatistics): string {
  return bytesAfterGap > 0 ? `, and ${bytesAfterGap} after the failed transfer` : '';
}

/** The message of an error, and its remedy. */
function reasonOf(cause: Error | undefined): string {
  const advice = adviceOf(cause);
  return escapeUnsafe(messageOf(cause) + (advice === undefined ? '' : `; ${advice}`));
}

function messageOf(cause: Error | undefined): string {
  if (cause === undefined) {
    return 'no reason given';
  }
  return 'syscall' in cause ? systemReason(cause) : cause.message;
}

/** Which control request failed, and why. */
function failedRequest(end: Outcome): string {
  const which = end.request ? `the control request '${textOf(end.request)}'` : 'a control request';
  return `${which} failed: ${reasonOf(end.cause)}`;
}

/** A request as `--before` accepts it, without its data: `out vendor device 0x4d 0x1 0x0`. */
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
