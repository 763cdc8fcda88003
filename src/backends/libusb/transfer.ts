import type { OnComplete, Transfer } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { operationError, transferStatus } from './errors.js';
import type { NativeTransfer } from './node-usb.js';

type NativeCallback = (
  error: { readonly errno: number } | undefined,
  buffer: Buffer,
  actualLength: number,
) => void;

/** Makes a native transfer that answers each submit through the callback. */
export type MakeNativeTransfer = (callback: NativeCallback) => NativeTransfer;

/** What the transfers of one interface share. */
export interface TransferScope {
  /** Transfers in flight. */
  inFlight: number;
  /** Set once the interface is released. */
  released: boolean;
}

/** A libusb transfer. */
export class LibusbTransfer implements Transfer {
  readonly #make: MakeNativeTransfer;
  readonly #scope: TransferScope;
  readonly #onComplete: OnComplete;
  #native: NativeTransfer;
  #inFlight = false;

  constructor(make: MakeNativeTransfer, scope: TransferScope, onComplete: OnComplete) {
    this.#make = make;
    this.#scope = scope;
    this.#onComplete = onComplete;
    this.#native = make(this.#completed);
  }

  submit(buffer: Buffer, length: number): void {
    if (this.#inFlight) {
      throw new UsbError('invalid', 'the transfer is in flight already');
    }
    if (this.#scope.released) {
      throw new UsbError('invalid', 'the interface was released');
    }
    try {
      this.#native.submit(length === buffer.length ? buffer : buffer.subarray(0, length));
    } catch (error) {
      // node-usb takes a transfer whose submit failed for an active one for ever after.
      this.#native = this.#make(this.#completed);
      throw operationError('cannot submit a transfer', error);
    }
    this.#inFlight = true;
    this.#scope.inFlight += 1;
  }

  cancel(): void {
    if (!this.#inFlight) {
      return;
    }
    try {
      this.#native.cancel();
    } catch {
      // The device is gone: the completion comes all the same, and says so.
    }
  }

  readonly #completed: NativeCallback = (error, _buffer, actualLength) => {
    this.#inFlight = false;
    this.#scope.inFlight -= 1;
    this.#onComplete(transferStatus(error), actualLength);
  };
}
