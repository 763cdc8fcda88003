import type { DeviceLoss } from '../../usb/backend.js';
import type { ControlRequest } from '../../usb/control.js';
import { toError } from '../../usb/errors.js';
import type { TransferStatus } from '../../usb/transfer-status.js';
import { isReaderGone } from '../io/sink.js';

/**
 * Why a stream ended:
 *
 * - `limit`: the requested number of bytes, transfers or messages was moved;
 * - `input-ended`: all of the input was sent, or a recording was played to its end;
 * - `duration`: the time limit was reached;
 * - `idle`: the device neither sent nor accepted data for the idle timeout;
 * - `interrupted`: the stream was stopped, by a signal for example;
 * - `reader-closed`: the reader of the output closed it;
 * - `stall`, `error`, `overflow`: a transfer ended with that status;
 * - `device-lost`: the device was disconnected, deauthorized or deconfigured;
 * - `device-reset`: another process reset the device, or the interface was bound again;
 * - `submit-failed`: the system rejected a transfer;
 * - `output-failed`: writing the output failed;
 * - `input-failed`: reading the input or the recording failed;
 * - `request-failed`: a control request before or after the stream failed;
 * - `internal`: a bug in usbxfer.
 */
export type EndReason =
  | 'limit'
  | 'input-ended'
  | 'duration'
  | 'idle'
  | 'interrupted'
  | 'reader-closed'
  | 'stall'
  | 'error'
  | 'overflow'
  | 'device-lost'
  | 'device-reset'
  | 'submit-failed'
  | 'output-failed'
  | 'input-failed'
  | 'request-failed'
  | 'internal';

/** The reasons that are failures of transfers. */
export const FAILURE_REASONS = [
  'stall',
  'error',
  'overflow',
  'device-lost',
  'device-reset',
] as const satisfies readonly EndReason[];

/** Why transfers failed. See `EndReason`. */
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** One event that made transfers fail: all failed transfers with no byte between them. */
export interface TransferFailure {
  /** What happened. */
  readonly reason: FailureReason;
  /** The bytes of the stream before it: those of the failed transfer are included. */
  readonly offset: number;
}

/** Why a stream ended, and where. */
export interface Outcome {
  /** Why it ended. */
  readonly reason: EndReason;
  /** The error that caused it, if any. */
  readonly cause?: Error;
  /** For `device-lost`: why, if that is known. */
  readonly loss?: DeviceLoss;
  /** For `request-failed`: the control request that failed. */
  readonly request?: ControlRequest;
  /** For a failure: the bytes before the place where some may be missing. */
  readonly offset?: number;
  /** The failures of transfers in the run, in the order of the stream. Empty or absent for none. */
  readonly failures?: readonly TransferFailure[];
  /** For a failure: whether the endpoint is halted, because a transfer of the run stalled. */
  readonly isHalted?: boolean;
  /** For `idle`: how many restarts in a row did not make the device send anything. */
  readonly restarts?: number;
  /** For a failure, and for `reader-closed`: when it happened, in monotonic milliseconds. */
  readonly at?: number;
  /** For `interrupted`: whether the reader of the output closed it, too. */
  readonly readerClosed?: boolean;
}

/** Returns whether a stream ended because its handle of the device cannot be used any more. */
export function isLoss({ reason }: Outcome): boolean {
  return reason === 'device-lost' || reason === 'device-reset';
}

/** Returns the outcome of a stream whose device was lost. */
export function lossOutcome(loss: DeviceLoss): Pick<Outcome, 'reason' | 'loss'> {
  return loss === 'reset' ? { reason: 'device-reset' } : { reason: 'device-lost', loss };
}

/** Wraps an unexpected exception. */
export function internalError(error: unknown): Outcome {
  return { reason: 'internal', cause: toError(error) };
}

/** Returns the outcome of a stream that could not write, now. */
export function failedWrite(cause: Error): Outcome {
  const reason = isReaderGone(cause) ? 'reader-closed' : 'output-failed';
  return { reason, cause, at: performance.now() };
}

/** The failure of each status that is one. */
const FAILURES: Readonly<Partial<Record<TransferStatus, FailureReason>>> = {
  error: 'error',
  stall: 'stall',
  'no-device': 'device-lost',
  overflow: 'overflow',
};

/**
 * Adds a failed transfer to the failures of a run. It belongs to the last one if no byte is between
 * them: a halt fails all queued transfers, and so does a disconnect, which begins with errors.
 *
 * @param offset the bytes of the stream up to the end of the transfer
 */
export function addFailure(
  failures: TransferFailure[],
  status: TransferStatus,
  offset: number,
): void {
  const reason = FAILURES[status];
  if (reason === undefined) {
    return;
  }
  const last = failures.at(-1);
  if (last?.offset !== offset) {
    failures.push({ reason, offset });
  } else if (last.reason === 'error' && reason === 'device-lost') {
    failures.splice(-1, 1, { reason, offset });
  }
}

/**
 * Returns the failures of a run whose reason is known now: if the device was lost, the errors at its
 * end were the disconnect.
 */
export function failuresOf({ reason, failures = [] }: Outcome): readonly TransferFailure[] {
  const last = failures.at(-1);
  return reason === 'device-lost' && last?.reason === 'error'
    ? [...failures.slice(0, -1), { reason, offset: last.offset }]
    : failures;
}

/** The outcome of a run that was ended by a transfer of each status. */
const OF_TRANSFER: Readonly<Record<TransferStatus, Outcome>> = {
  completed: { reason: 'error' }, // the device did not accept all of it
  error: { reason: 'error' },
  'timed-out': { reason: 'idle' },
  cancelled: { reason: 'interrupted' },
  stall: { reason: 'stall' },
  'no-device': { reason: 'device-lost' },
  overflow: { reason: 'overflow' },
};

/** Returns the outcome of a run that was ended by a transfer of this status. */
export function transferOutcome(status: TransferStatus): Outcome {
  return OF_TRANSFER[status];
}

const CLEAN: ReadonlySet<EndReason> = new Set([
  'limit',
  'input-ended',
  'duration',
  'idle',
  'interrupted',
  'reader-closed',
]);

/** Returns whether a stream ended without a failure. */
export function isClean(end: Outcome): boolean {
  return CLEAN.has(end.reason);
}

/**
 * Returns which of two outcomes to report: the first one, unless the later one is a failure and the
 * first is not, or unless it explains the first. A loss begins with errors, and a reader that
 * closed the output did not get the bytes of the limit. A stop often ends the reader, too.
 */
export function moreSevere(first: Outcome, later: Outcome): Outcome {
  if (first.reason === 'interrupted' && later.reason === 'reader-closed') {
    return { ...first, readerClosed: true };
  }
  const isWorse = isClean(first) && !isClean(later);
  const isCause = first.reason === 'error' && isLoss(later);
  const isUnread = isClean(first) && later.reason === 'reader-closed';
  return isWorse || isCause || isUnread ? later : first;
}

/** Returns which outcome to report: that of the stream, or of a step after it that failed. */
export function mostSevere(end: Outcome, ...failures: readonly (Outcome | undefined)[]): Outcome {
  return failures.reduce<Outcome>(
    (worst, failure) => (failure === undefined ? worst : moreSevere(worst, failure)),
    end,
  );
}
