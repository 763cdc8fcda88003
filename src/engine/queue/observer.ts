import type { TransferStatus } from '../../usb/transfer-status.js';

/** A submission, as an observer sees it. The object and its buffer are valid during the call only. */
export interface ObservedSubmission {
  /** The address of the endpoint. Bit 7 is set for IN. */
  readonly endpoint: number;
  /** The number of the submission in its direction, from 0, over all runs of a stream. */
  readonly sequence: number;
  /** The memory of the transfer. Its first `requested` bytes are the data of an OUT transfer. */
  readonly buffer: Buffer;
  /** Bytes to move. */
  readonly requested: number;
  /** Monotonic milliseconds (`performance.now`). */
  readonly submittedAt: number;
}

/** A completion, as an observer sees it. An IN transfer has received the first `actualLength` bytes. */
export interface ObservedCompletion extends ObservedSubmission {
  readonly status: TransferStatus;
  /** Bytes moved, whatever the status. */
  readonly actualLength: number;
  /** Monotonic milliseconds. */
  readonly completedAt: number;
}

/**
 * Sees every transfer of a stream, with its boundaries, which the output does not have. A stream without
 * an observer does nothing for it.
 *
 * A method runs on the per-transfer path: it must be fast, and copy the bytes that it keeps. An
 * exception ends the stream as `internal`.
 */
export interface TransferObserver {
  /** Called after each submission that the system accepted. */
  onSubmit?(submission: ObservedSubmission): void;

  /**
   * Called once for each submission, in the order of the submissions to an endpoint: when the transfer
   * and all before it have completed. The two endpoints of a duplex stream have no common order. Called
   * before the data goes to the output, and before a limit cuts it.
   */
  onComplete?(completion: ObservedCompletion): void;
}
