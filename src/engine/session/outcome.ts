import type { ControlRequest } from '../../usb/control.js';
import { toError } from '../../usb/errors.js';
import type { TransferStatus } from '../../usb/transfer-status.js';

/**
 * Why a transfer of data ended:
 *
 * - `limit`: all that was asked for is done: bytes, transfers, a message;
 * - `input-ended`: all of the input is sent;
 * - `duration`: the time that was asked for has passed;
 * - `idle`: the device sent, or took, nothing for as long as it was given;
 * - `interrupted`: somebody asked it to end (a signal);
 * - `reader-closed`: whoever read the output closed it;
 * - `stall`, `error`, `overflow`: a transfer ended that way;
 * - `device-lost`: the device is gone;
 * - `submit-failed`: the system did not take a transfer;
 * - `output-failed`: the output did not take the bytes;
 * - `input-failed`: the input could not be read to its end;
 * - `request-failed`: a control request at the beginning or the end failed;
 * - `internal`: a fault in usbxfer itself.
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
  | 'submit-failed'
  | 'output-failed'
  | 'input-failed'
  | 'request-failed'
  | 'internal';

/** How it ended. */
export interface Outcome {
  readonly reason: EndReason;
  /** The failure behind it, where there was one. */
  readonly cause?: Error;
  /** The control request that failed, of `request-failed`. */
  readonly request?: ControlRequest;
  /** Of a failure: the bytes before the place where some may be missing. */
  readonly offset?: number;
  /** Of a failure: when it came, in monotonic milliseconds. */
  readonly at?: number;
}

/** The end that a throw is where nothing is expected to throw. */
export function internalError(error: unknown): Outcome {
  return { reason: 'internal', cause: toError(error) };
}

/** What a transfer that ended a run means for it. */
const OF_TRANSFER: Readonly<Record<TransferStatus, Outcome>> = {
  completed: { reason: 'error' }, // the device did not take all of it
  error: { reason: 'error' },
  'timed-out': { reason: 'idle' },
  cancelled: { reason: 'interrupted' },
  stall: { reason: 'stall' },
  'no-device': { reason: 'device-lost' },
  overflow: { reason: 'overflow' },
};

/** The outcome of a run that a transfer ended, by the status of the transfer. */
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

/** Whether nothing went wrong. */
export function isClean(end: Outcome): boolean {
  return CLEAN.has(end.reason);
}

/**
 * Of two reasons to end, the one to report. The first counts, unless the later one is graver, or
 * explains it: errors are how an unplug begins; and bytes that a reader did not want are no limit
 * reached.
 */
export function moreSevere(first: Outcome, later: Outcome): Outcome {
  const graver = isClean(first) && !isClean(later);
  const explains = first.reason === 'error' && later.reason === 'device-lost';
  const unwanted = isClean(first) && later.reason === 'reader-closed';
  return graver || explains || unwanted ? later : first;
}

/** Of an end, and what failed behind it, if anything did, the one to report. */
export function mostSevere(end: Outcome, ...failures: readonly (Outcome | undefined)[]): Outcome {
  return failures.reduce<Outcome>(
    (worst, failure) => (failure === undefined ? worst : moreSevere(worst, failure)),
    end,
  );
}
