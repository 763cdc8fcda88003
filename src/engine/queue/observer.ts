import type { TransferStatus } from '../../usb/transfer-status.js';
import type { Outcome } from '../session/outcome.js';

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
  /** Bytes in a full packet of the endpoint, which may change when the device is opened again; 0 for endpoint 0. */
  readonly packetSize: number;
  /** Monotonic milliseconds (`performance.now`). */
  readonly submittedAt: number;
  /** The 8 bytes of the setup packet of a control request; undefined for other transfers. */
  readonly setup?: Uint8Array | undefined;
}

/** A completion, as an observer sees it. An IN transfer has received the first `actualLength` bytes. */
export interface ObservedCompletion extends ObservedSubmission {
  readonly status: TransferStatus;
  /** Bytes moved, whatever the status. */
  readonly actualLength: number;
  /** Monotonic milliseconds. */
  readonly completedAt: number;
}

/** What an observer with an output of its own can do to its stream. */
export interface ObservedStream {
  /** Ends the stream, like a failure of its output. */
  fail(cause: Error): void;
}

/**
 * Sees every transfer of a stream, with its boundaries, which the output does not have. A stream without
 * an observer does nothing for it.
 *
 * `hasRoom`, `onSubmit` and `onComplete` run on the per-transfer path: they must be fast, and copy the
 * bytes that they keep. An exception ends the stream as `internal`.
 */
export interface TransferObserver {
  /**
   * Called once, when the device is open and before the first submission. Streaming waits for it. A
   * rejection ends the stream, like a failure of its output.
   */
  start?(stream: ObservedStream): Promise<void>;

  /**
   * Returns whether there is room for what the observer keeps of one more submission and its completion.
   * Submission pauses while there is none, as it does while the output lags.
   *
   * @param length bytes to move
   * @param resume called when there may be room again, if there is none; never from within `hasRoom`
   */
  hasRoom?(length: number, resume: () => void): boolean;

  /** Called after each submission that the system accepted. */
  onSubmit?(submission: ObservedSubmission): void;

  /**
   * Called once for each submission, in the order of the submissions to an endpoint: when the transfer
   * and all before it have completed. The two endpoints of a duplex stream have no common order. Called
   * before the data goes to the output, and before a limit cuts it.
   */
  onComplete?(completion: ObservedCompletion): void;

  /**
   * Called once after the last completion, or without `start` if the stream did not start. The result of
   * the stream waits for it. A rejection is a failure of the output.
   *
   * @param end how the stream ended; undefined if it did not start
   */
  close?(end: Outcome | undefined): Promise<void>;
}
