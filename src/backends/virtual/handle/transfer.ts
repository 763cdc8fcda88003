import type { OnComplete, Transfer } from '../../../usb/backend.js';
import { UsbError } from '../../../usb/errors.js';
import type { Pipe } from '../bus/pipe.js';
import { QueuedTransfer } from '../bus/transfer-queue.js';
import type { Claim } from './device.js';

/** A transfer of one pipe, under one claim. */
export class VirtualTransfer extends QueuedTransfer implements Transfer {
  readonly #pipe: Pipe;
  readonly #claim: Claim;
  readonly #onComplete: OnComplete;

  constructor(pipe: Pipe, claim: Claim, onComplete: OnComplete) {
    super();
    this.#pipe = pipe;
    this.#claim = claim;
    this.#onComplete = onComplete;
  }

  submit(buffer: Buffer, length: number): void {
    if (this.list !== undefined) {
      throw new UsbError('invalid', 'the transfer is in flight');
    }
    this.#claim.check();
    if (!Number.isInteger(length) || length < 0 || length > buffer.length) {
      throw new UsbError('invalid', `a buffer of ${buffer.length} bytes cannot move ${length}`);
    }
    this.#claim.plug.loan.take(length);
    this.load(buffer, length);
    this.#claim.inFlight++;
    this.#pipe.submit(this);
  }

  cancel(): void {
    if (this.list !== undefined) {
      this.#pipe.cancel(this);
    }
  }

  override answer(): void {
    this.#claim.inFlight--;
    this.#claim.plug.loan.give(this.length);
    this.#onComplete(this.status, this.actualLength);
  }
}
