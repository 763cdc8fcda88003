import type { Endpoint, Transfer } from '../../usb/backend.js';
import type { TransferStatus } from '../../usb/transfer-status.js';

/**
 * Told each completion: which submission it answers (the first number is the pool's choice), its
 * buffer, the bytes asked for, the status and the bytes moved.
 */
export type OnPoolComplete = (
  sequence: number,
  buffer: Buffer,
  requested: number,
  status: TransferStatus,
  actualLength: number,
) => void;

interface Slot {
  readonly transfer: Transfer;
  buffer: Buffer;
  sequence: number;
  requested: number;
  /** Monotonic milliseconds. */
  submittedAt: number;
  /** Cancelled for having waited too long. */
  expired: boolean;
  /** Neighbours in flight, in order of submission. */
  older: Slot | undefined;
  newer: Slot | undefined;
}

const NO_BUFFER = Buffer.alloc(0);

/**
 * N transfers on one endpoint, made once and kept in flight by whoever owns the pool.
 *
 * The pool knows which transfers are idle and which are in flight, and since when, and numbers
 * submissions. What is submitted and what becomes of it is the owner's.
 */
export class TransferQueue {
  readonly #idle: Slot[] = [];
  /** The ends of the list of what is in flight; it is threaded through the slots. */
  #oldest: Slot | undefined;
  #newest: Slot | undefined;
  #inFlight = 0;
  #nextSequence = 0;
  #bytesInFlight = 0;

  /**
   * @param depth the number of transfers
   * @param firstSequence the number of the first submission
   */
  constructor(
    endpoint: Endpoint,
    depth: number,
    firstSequence: number,
    onComplete: OnPoolComplete,
  ) {
    this.#nextSequence = firstSequence;
    for (let i = 0; i < depth; i += 1) {
      const slot: Slot = {
        transfer: endpoint.createTransfer((status, actualLength) => {
          const { sequence, buffer, requested, expired } = slot;
          slot.buffer = NO_BUFFER;
          slot.expired = false;
          this.#unlink(slot);
          this.#idle.push(slot);
          this.#bytesInFlight -= requested;
          const why = expired && status === 'cancelled' ? 'timed-out' : status;
          onComplete(sequence, buffer, requested, why, actualLength);
        }),
        buffer: NO_BUFFER,
        sequence: 0,
        requested: 0,
        submittedAt: 0,
        expired: false,
        older: undefined,
        newer: undefined,
      };
      this.#idle.push(slot);
    }
  }

  /** Whether a transfer is free to be submitted. */
  get hasIdle(): boolean {
    return this.#idle.length > 0;
  }

  /** Transfers in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The number of the last submission; one less than the first number before any. */
  get newest(): number {
    return this.#nextSequence - 1;
  }

  /** Bytes that the transfers in flight ask for. */
  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /**
   * Submits an idle transfer. The buffer is the pool's until the completion hands it back.
   *
   * @param now monotonic milliseconds
   * @throws UsbError as `Transfer.submit`; then nothing was submitted and no number used
   */
  submit(buffer: Buffer, length: number, now: number): void {
    const slot = this.#idle.at(-1);
    if (slot === undefined) {
      throw new Error('no idle transfer in the pool');
    }
    slot.transfer.submit(buffer, length);
    this.#idle.pop();
    this.#link(slot);
    slot.buffer = buffer;
    slot.requested = length;
    slot.submittedAt = now;
    slot.sequence = this.#nextSequence;
    this.#nextSequence += 1;
    this.#bytesInFlight += length;
  }

  /**
   * Since when the oldest transfer in flight waits, of those that did not expire; undefined when
   * there is none. Monotonic milliseconds.
   */
  get oldestSubmission(): number | undefined {
    let slot = this.#oldest;
    while (slot?.expired) {
      slot = slot.newer;
    }
    return slot?.submittedAt;
  }

  /** Cancels what was submitted at that time or before. It completes as `timed-out`. */
  expire(submittedAt: number): void {
    this.#cancel((slot) => {
      if (slot.expired || slot.submittedAt > submittedAt) {
        return false;
      }
      slot.expired = true;
      return true;
    });
  }

  /**
   * Cancels the oldest transfer, which is the one that data arrives in. It completes as `timed-out`.
   *
   * @returns the number of its submission; undefined when nothing is in flight
   */
  expireOldest(): number | undefined {
    const slot = this.#oldest;
    if (slot !== undefined) {
      slot.expired = true;
      slot.transfer.cancel();
    }
    return slot?.sequence;
  }

  /** Cancels everything in flight. */
  cancelAll(): void {
    this.#cancel(() => true);
  }

  /**
   * Newest first: cancelling the oldest first would let the device's data run into a younger
   * transfer that is about to be cancelled as well.
   */
  #cancel(chosen: (slot: Slot) => boolean): void {
    for (let slot = this.#newest; slot !== undefined; slot = slot.older) {
      if (chosen(slot)) {
        slot.transfer.cancel();
      }
    }
  }

  #link(slot: Slot): void {
    slot.older = this.#newest;
    if (this.#newest === undefined) {
      this.#oldest = slot;
    } else {
      this.#newest.newer = slot;
    }
    this.#newest = slot;
    this.#inFlight += 1;
  }

  #unlink(slot: Slot): void {
    const { older, newer } = slot;
    if (older === undefined) {
      this.#oldest = newer;
    } else {
      older.newer = newer;
    }
    if (newer === undefined) {
      this.#newest = older;
    } else {
      newer.older = older;
    }
    slot.older = undefined;
    slot.newer = undefined;
    this.#inFlight -= 1;
  }
}
