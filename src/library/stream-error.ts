import type { EndReason, Outcome } from '../engine/session/outcome.js';
import type { DeviceLoss } from '../usb/backend.js';
import type { ControlRequest } from '../usb/control.js';

/**
 * Why a stream failed. Stable.
 *
 * - `stall`, `error`, `overflow`: a transfer ended with that status;
 * - `device-lost`: the device was disconnected, deauthorized or deconfigured;
 * - `device-reset`: another process reset the device, or the interface was bound again;
 * - `submit-failed`: the system rejected a transfer; `cause` says why;
 * - `request-failed`: a control request before or after the stream failed;
 * - `input-failed`: the data to send could not be read: the iterable threw `cause`;
 * - `idle`, `duration`: the stream ended before it reached `bytes` or `count`;
 * - `output-failed`, `internal`: a bug in usbxfer.
 */
export type StreamErrorCode = Exclude<
  EndReason,
  'limit' | 'input-ended' | 'interrupted' | 'reader-closed'
>;

/** A stream that failed, or ended before its limit. */
export class StreamError extends Error {
  /** `StreamError`. */
  override readonly name = 'StreamError';
  /** Why it failed. */
  readonly code: StreamErrorCode;
  /**
   * The bytes before the end of the stream: those that the consumer got, or those that the device
   * accepted without a gap.
   */
  readonly bytes: number;
  /**
   * For the failure of a transfer: the bytes before the place where some may be missing, at most `bytes`.
   * Transfers that were in flight may have moved the others.
   */
  readonly offset: number | undefined;
  /** For `device-lost`: why, if that is known. */
  readonly loss: DeviceLoss | undefined;
  /** For `request-failed`: the request. */
  readonly request: ControlRequest | undefined;

  /** @param bytes see `StreamError.bytes` */
  constructor(code: StreamErrorCode, bytes: number, outcome: Omit<Outcome, 'reason'> = {}) {
    const { cause, loss, request, offset } = outcome;
    const detail = cause === undefined ? '' : `: ${cause.message}`;
    super(`${MESSAGES[code]} after ${bytes} bytes${detail}`, { cause });
    this.code = code;
    this.bytes = bytes;
    this.offset = offset;
    this.loss = loss;
    this.request = request;
  }
}

const MESSAGES: Readonly<Record<StreamErrorCode, string>> = {
  stall: 'the endpoint stalled',
  error: 'a transfer failed',
  overflow: 'the device sent more than a transfer had room for',
  'device-lost': 'the device was lost',
  'device-reset': 'the device was reset by another process',
  'submit-failed': 'the system rejected a transfer',
  'request-failed': 'a control request failed',
  'input-failed': 'the input failed',
  'output-failed': 'the output failed',
  idle: 'the device went idle before the limit,',
  duration: 'the duration expired before the limit,',
  internal: 'usbxfer failed',
};

/**
 * Returns the error that a consumer gets for the end of a stream; undefined for none.
 *
 * @param hasGoal whether the stream has a limit of bytes or transfers, short of which silence and the end of
 *   its time are failures
 * @param bytes see `StreamError.bytes`
 */
export function errorOf(end: Outcome, hasGoal: boolean, bytes: number): StreamError | undefined {
  switch (end.reason) {
    case 'limit':
    case 'input-ended':
    case 'interrupted':
    case 'reader-closed':
      return undefined;
    case 'idle':
    case 'duration':
      return hasGoal ? new StreamError(end.reason, bytes, end) : undefined;
    default:
      return new StreamError(end.reason, bytes, end);
  }
}
