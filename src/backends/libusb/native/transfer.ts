import type { OnComplete, Transfer } from '../../../usb/backend.js';
import { checkSubmit } from '../../../usb/preconditions.js';
import { operationError, transferStatus } from './errors.js';
import type { NativeTransfer } from './node-usb.js';

type NativeCallback = (
  error: { readonly errno: number } | undefined,
  buffer: Buffer,
  actualLength: number,
) => void;

/** Creates a native transfer that calls back once for each submit. */
export type MakeNativeTransfer = (callback: NativeCallback) => NativeTransfer;

/** The claim of an interface, shared by all its transfers. */
export interface Claim {
  released: boolean;
}

/** A libusb transfer. */
export class LibusbTransfer implements Transfer {
  readonly #make: MakeNativeTransfer;
  readonly #claim: Claim;
  readonly #onComplete: OnComplete;
  #native: NativeTransfer;
  #inFlight = false;

  constructor(make: MakeNativeTransfer, claim: Claim, onComplete: OnComplete) {
    this.#make = make;
    this.#claim = claim;
    this.#onComplete = onComplete;
    this.#native = make(this.#completed);
  }

  /** Whether the transfer is submitted and has not completed. */
  get inFlight(): boolean {
    return this.#inFlight;
  }

  submit(buffer: Buffer, length: number): void {
    checkSubmit(this.#inFlight, this.#claim.released, buffer, length);
    try {
      this.#native.submit(length === buffer.length ? buffer : buffer.subarray(0, length));
    } catch (error) {
      // After a failed submit, node-usb regards the transfer as active forever (measured).
      this.#native = this.#make(this.#completed);
      throw operationError('cannot submit a transfer', error);
    }
    this.#inFlight = true;
  }

  cancel(): void {
    if (!this.#inFlight) {
      return;
    }
    try {
      this.#native.cancel();
    } catch {
      // The device is gone: the completion still comes and reports it.
    }
  }

  readonly #completed: NativeCallback = (error, _buffer, actualLength) => {
    this.#inFlight = false;
    this.#onComplete(transferStatus(error), actualLength);
  };
}
