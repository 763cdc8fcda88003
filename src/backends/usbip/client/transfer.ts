import type { OnComplete, Transfer } from '../../../usb/backend.js';
import { checkSubmit } from '../../../usb/preconditions.js';
import { fromWire } from '../protocol/status.js';
import type { Connection } from './connection.js';
import { Request } from './request.js';

/** The claim of an interface, shared by all its transfers. */
export interface Claim {
  released: boolean;
  /** The number of transfers in flight, by endpoint address. */
  readonly inFlight: Map<number, number>;
}

/** Where a transfer goes. */
export interface Pipe {
  readonly connection: Connection;
  readonly claim: Claim;
  readonly address: number;
  /** See `Request`. */
  readonly interval: number;
}

/** A bulk or interrupt transfer over a connection. */
export class UsbipTransfer extends Request implements Transfer {
  readonly #pipe: Pipe;
  readonly #onComplete: OnComplete;

  constructor(pipe: Pipe, onComplete: OnComplete) {
    super(pipe.address & 0x0f, (pipe.address & 0x80) !== 0, pipe.interval);
    this.#pipe = pipe;
    this.#onComplete = onComplete;
  }

  submit(buffer: Buffer, length: number): void {
    const { connection, claim } = this.#pipe;
    checkSubmit(this.seqnum !== 0, claim.released, buffer, length);
    this.buffer = buffer;
    this.length = length;
    connection.submit(this);
    this.#count(1);
  }

  cancel(): void {
    this.#pipe.connection.cancel(this);
  }

  override onReply(status: number, actualLength: number): void {
    this.#count(-1);
    this.#onComplete(fromWire(status, this.isCancelled), actualLength);
  }

  #count(change: number): void {
    const { claim, address } = this.#pipe;
    claim.inFlight.set(address, (claim.inFlight.get(address) ?? 0) + change);
  }
}
