import type { Endpoint, OnComplete, Transfer } from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';

/** A transfer in flight. */
export interface Submission {
  readonly buffer: Buffer;
  readonly length: number;
  cancelled: boolean;
  complete(status: TransferStatus, actualLength: number): void;
}

/**
 * An endpoint whose completions are up to the test, which may complete submissions in any order, with
 * any status. For what a well-behaved device never does.
 */
export class ScriptedEndpoint implements Endpoint {
  readonly address: number;
  readonly maxPacketSize: number;
  cancelKeepsData = true;
  /** Those in flight, in order of submission. */
  readonly submissions: Submission[] = [];
  /** Everything that was cancelled while in flight, in the order of cancelling. */
  readonly cancellations: Submission[] = [];
  /** Lengths of all submissions so far. */
  readonly requests: number[] = [];
  /** Errors that the next submits throw, one each. */
  readonly refusals: UsbError[] = [];
  /** Transfers that memory is available for. */
  room = Number.POSITIVE_INFINITY;

  constructor(maxPacketSize = 512, address = 0x82) {
    this.maxPacketSize = maxPacketSize;
    this.address = address;
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
