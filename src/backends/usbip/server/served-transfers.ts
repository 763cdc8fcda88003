import type { Endpoint } from '../../../usb/backend.js';
import { encodeSubmitReply, encodeUnlinkReply } from '../protocol/commands.js';
import { STATUS } from '../protocol/status.js';
import type { ReplyWriter } from './reply-writer.js';
import { ServedPipe, type Slot } from './served-pipe.js';

/** Limits of a client: bytes of memory, and the number of transfers that have not been answered. */
export const MAX_MEMORY = 64 * 1024 * 1024;
const MAX_TRANSFERS = 4096;

/** The bulk and interrupt transfers of a client, which are answered with what they moved. */
export class ServedTransfers {
  readonly #writer: ReplyWriter;
  readonly #open: (address: number) => Promise<Endpoint>;
  readonly #onComplete: () => void;
  readonly #pipes = new Map<number, ServedPipe>();
  /** The transfers that have not completed, by sequence number. */
  readonly #inFlight = new Map<number, Slot>();
  #unanswered = 0;
  /** Bytes that the client has received and sent. */
  bytesIn = 0;
  bytesOut = 0;

  /**
   * @param open returns an endpoint, and claims its interface
   * @param onComplete called after each answer
   */
  constructor(
    writer: ReplyWriter,
    open: (address: number) => Promise<Endpoint>,
    onComplete: () => void,
  ) {
    this.#writer = writer;
    this.#open = open;
    this.#onComplete = onComplete;
  }

  /** The number of transfers that have not completed. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Returns whether a transfer with this sequence number has not completed. */
  has(seqnum: number): boolean {
    return this.#inFlight.has(seqnum);
  }

  /** Returns whether the limits allow one more transfer of this length. */
  allows(address: number, length: number): boolean {
    if (this.#unanswered === MAX_TRANSFERS) {
      return false;
    }
    if (this.#memory + this.#pipe(address).growthFor(length) > MAX_MEMORY) {
      for (const pipe of this.#pipes.values()) {
        pipe.shrink();
      }
    }
    return this.#memory + this.#pipe(address).growthFor(length) <= MAX_MEMORY;
  }

  /** Returns a transfer to fill and submit. */
  take(seqnum: number, address: number, length: number): Slot {
    const slot = this.#pipe(address).take(length, this.#onSent);
    slot.seqnum = seqnum;
    this.#unanswered += 1;
    this.#inFlight.set(seqnum, slot);
    return slot;
  }

  /** Forgets a transfer that was taken and is not submitted: the session ends. */
  forget({ seqnum }: Slot): void {
    this.#inFlight.delete(seqnum);
  }

  /** Cancels a transfer. Returns false if there is none with this sequence number. */
  cancel(seqnum: number, unlinkSeqnum: number): boolean {
    const slot = this.#inFlight.get(seqnum);
    if (slot === undefined || slot.unlinkSeqnum !== 0) {
      return false;
    }
    slot.unlinkSeqnum = unlinkSeqnum;
    slot.pipe.cancel(slot);
    return true;
  }

  /** Cancels all transfers, newest first. */
  cancelAll(): void {
    for (const slot of [...this.#inFlight.values()].reverse()) {
      slot.pipe.cancel(slot);
    }
  }

  /** Forgets the endpoints: the configuration or an alternate setting changes. */
  forgetEndpoints(): void {
    for (const pipe of this.#pipes.values()) {
      pipe.reset();
    }
  }

  /** The bytes of memory of all transfers, also of those that can be used again. */
  get #memory(): number {
    let bytes = 0;
    for (const { memory } of this.#pipes.values()) {
      bytes += memory;
    }
    return bytes;
  }

  #pipe(address: number): ServedPipe {
    let pipe = this.#pipes.get(address);
    if (pipe === undefined) {
      pipe = new ServedPipe(address, this.#open, this.#answer);
      this.#pipes.set(address, pipe);
    }
    return pipe;
  }

  readonly #answer = (slot: Slot, status: number, actualLength: number): void => {
    const { seqnum, unlinkSeqnum, head, buffer, pipe, onSent } = slot;
    this.#inFlight.delete(seqnum);
    encodeSubmitReply(head, seqnum, status, actualLength);
    if (pipe.isIn && actualLength > 0) {
      this.bytesIn += actualLength;
      this.#writer.write(head);
      this.#writer.write(buffer.subarray(0, actualLength), onSent);
    } else {
      this.bytesOut += pipe.isIn ? 0 : actualLength;
      this.#writer.write(head, onSent);
    }
    if (unlinkSeqnum !== 0) {
      this.#writer.write(encodeUnlinkReply(unlinkSeqnum, STATUS.ok));
    }
    this.#onComplete();
  };

  readonly #onSent = (slot: Slot): void => {
    this.#unanswered -= 1;
    slot.pipe.give(slot);
  };
}
