import type { Endpoint, Transfer } from '../../../usb/backend.js';
import type { TransferStatus } from '../../../usb/transfer-status.js';
import { HEAD_LENGTH } from '../protocol/commands.js';
import { STATUS, toWire } from '../protocol/status.js';

/** Called when a slot has completed, with a status of the wire. */
export type OnSlotComplete = (slot: Slot, status: number, actualLength: number) => void;

/** A transfer of a client, with its memory. It is used again after its reply was sent. */
export class Slot {
  readonly pipe: ServedPipe;
  readonly head = Buffer.alloc(HEAD_LENGTH);
  buffer: Buffer;
  length = 0;
  seqnum = 0;
  /** The sequence number of its cancel; 0 unless it is cancelled. */
  unlinkSeqnum = 0;
  transfer: Transfer | undefined;
  /** The endpoint that `transfer` belongs to. */
  endpoint: Endpoint | undefined;
  /** Called when the reply was sent. */
  readonly onSent: () => void;
  readonly onComplete: (status: TransferStatus, actualLength: number) => void;

  constructor(
    pipe: ServedPipe,
    length: number,
    onComplete: OnSlotComplete,
    onSent: (slot: Slot) => void,
  ) {
    this.pipe = pipe;
    this.buffer = Buffer.allocUnsafeSlow(length); // only bytes that a device sent leave it
    this.onSent = () => onSent(this);
    this.onComplete = (status, actualLength) => onComplete(this, toWire(status), actualLength);
  }
}

/** An endpoint of an exported device, with the transfers that its client has submitted. */
export class ServedPipe {
  readonly address: number;
  readonly isIn: boolean;
  readonly #open: (address: number) => Promise<Endpoint>;
  readonly #onComplete: OnSlotComplete;
  #endpoint: Endpoint | undefined;
  #waiting: Slot[] = [];
  readonly #free: Slot[] = [];
  /** The bytes of memory of all slots, also of those that wait for their next use. */
  memory = 0;

  /** @param open returns the endpoint, and claims its interface */
  constructor(
    address: number,
    open: (address: number) => Promise<Endpoint>,
    onComplete: OnSlotComplete,
  ) {
    this.address = address;
    this.isIn = (address & 0x80) !== 0;
    this.#open = open;
    this.#onComplete = onComplete;
  }

  /** Returns how much memory a transfer of this length needs in addition. */
  growthFor(length: number): number {
    return Math.max(0, length - (this.#free.at(-1)?.buffer.length ?? 0));
  }

  /** Returns a slot for a transfer of this length. */
  take(length: number, onSent: (slot: Slot) => void): Slot {
    this.memory += this.growthFor(length);
    const slot = this.#free.pop() ?? new Slot(this, length, this.#onComplete, onSent);
    if (slot.buffer.length < length) {
      slot.buffer = Buffer.allocUnsafeSlow(length);
    }
    slot.length = length;
    slot.unlinkSeqnum = 0;
    return slot;
  }

  /** Takes a slot back. */
  give(slot: Slot): void {
    this.#free.push(slot);
  }

  /** Forgets the slots that are not in use. */
  shrink(): void {
    for (const { buffer } of this.#free.splice(0)) {
      this.memory -= buffer.length;
    }
  }

  /** Submits a slot. It completes in any case, and never from within the call. */
  submit(slot: Slot): void {
    if (this.#endpoint === undefined) {
      this.#waiting.push(slot);
      if (this.#waiting.length === 1) {
        this.#openEndpoint();
      }
      return;
    }
    try {
      if (slot.transfer === undefined || slot.endpoint !== this.#endpoint) {
        slot.endpoint = this.#endpoint;
        slot.transfer = slot.endpoint.createTransfer(slot.onComplete);
      }
      slot.transfer.submit(slot.buffer, slot.length);
    } catch {
      setImmediate(() => this.#onComplete(slot, STATUS.protocolError, 0));
    }
  }

  /** Cancels a slot. It still completes. */
  cancel(slot: Slot): void {
    const index = this.#waiting.indexOf(slot);
    if (index < 0) {
      slot.transfer?.cancel();
    } else {
      this.#waiting.splice(index, 1);
      setImmediate(() => this.#onComplete(slot, STATUS.unlinked, 0));
    }
  }

  /** Forgets the endpoint: its interface was released, or has another setting. Nothing may be in flight. */
  reset(): void {
    this.#endpoint = undefined;
  }

  async #openEndpoint(): Promise<void> {
    let failed = false;
    try {
      this.#endpoint = await this.#open(this.address);
    } catch {
      failed = true;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const slot of waiting) {
      if (failed) {
        this.#onComplete(slot, STATUS.invalid, 0);
      } else {
        this.submit(slot);
      }
    }
  }
}
