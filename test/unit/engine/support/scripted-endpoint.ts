import type { Endpoint, OnComplete, Transfer } from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';

/** A submit that awaits its answer. */
export interface Submission {
  readonly buffer: Buffer;
  readonly length: number;
  cancelled: boolean;
  complete(status: TransferStatus, actualLength: number): void;
}

/**
 * An endpoint whose every completion is up to the test, which may answer submissions in any order, with
 * any status. For what no well-behaved device can be made to do.
 */
export class ScriptedEndpoint implements Endpoint {
  readonly address = 0x82;
  readonly maxPacketSize: number;
  /** In order of submission. */
  readonly submissions: Submission[] = [];
  /** Everything in flight that was cancelled, in the order of cancelling. */
  readonly cancellations: Submission[] = [];
  /** Lengths of all submits so far. */
  readonly requests: number[] = [];
  /** Thrown by the next submits, once each. */
  readonly refusals: UsbError[] = [];
  /** Transfers that there is memory for. */
  room = Number.POSITIVE_INFINITY;

  constructor(maxPacketSize = 512) {
    this.maxPacketSize = maxPacketSize;
  }

  createTransfer(onComplete: OnComplete): Transfer {
    let current: Submission | undefined;
    return {
      submit: (buffer, length) => {
        const refusal = this.refusals.shift();
        if (refusal !== undefined) {
          throw refusal;
        }
        if (this.submissions.length >= this.room) {
          throw new UsbError('no-memory', 'no memory');
        }
        if (current !== undefined) {
          throw new UsbError('invalid', 'in flight already');
        }
        const submission: Submission = {
          buffer,
          length,
          cancelled: false,
          complete: (status, actualLength) => {
            this.submissions.splice(this.submissions.indexOf(submission), 1);
            current = undefined;
            onComplete(status, actualLength);
          },
        };
        current = submission;
        this.requests.push(length);
        this.submissions.push(submission);
      },
      cancel: () => {
        if (current !== undefined && !current.cancelled) {
          current.cancelled = true;
          this.cancellations.push(current);
        }
      },
    };
  }

  async clearHalt(): Promise<void> {}
}
