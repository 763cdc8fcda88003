import type { Endpoint, Transfer } from '../usb/backend.js';
import type { TransferStatus } from '../usb/transfer-status.js';

/**
 * Told each completion: which submission it answers (0 for the first), its buffer, the bytes asked
 * for and the bytes moved.
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
}

const NO_BUFFER = Buffer.alloc(0);

/**
 * N transfers on one endpoint, made once and kept in flight by whoever owns the pool.
 *
 * The pool knows which transfers are idle and which are in flight, and numbers submissions. What is
 * submitted and what becomes of it is the owner's.
 */
export class TransferPool {
  readonly #idle: Slot[] = [];
  readonly #inFlight = new Set<Slot>();
  #submitted = 0;
  #bytesInFlight = 0;

  /** @param depth the number of transfers */
  constructor(endpoint: Endpoint, depth: number, onComplete: OnPoolComplete) {
    for (let i = 0; i < depth; i += 1) {
      const slot: Slot = {
        transfer: endpoint.createTransfer((status, actualLength) => {
          const { sequence, buffer, requested } = slot;
          slot.buffer = NO_BUFFER;
          this.#inFlight.delete(slot);
          this.#idle.push(slot);
          this.#bytesInFlight -= requested;
          onComplete(sequence, buffer, requested, status, actualLength);
        }),
        buffer: NO_BUFFER,
        sequence: 0,
        requested: 0,
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
    return this.#inFlight.size;
  }

  /** Bytes that the transfers in flight ask for. */
  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /** Submissions so far, which is the number that the next one gets. */
  get submitted(): number {
    return this.#submitted;
  }

  /**
   * Submits an idle transfer. The buffer is the pool's until the completion hands it back.
   *
   * @throws UsbError as `Transfer.submit`; then nothing was submitted and no number used
   */
  submit(buffer: Buffer, length: number): void {
    const slot = this.#idle.at(-1);
    if (slot === undefined) {
      throw new Error('no idle transfer in the pool');
    }
    slot.transfer.submit(buffer, length);
    this.#idle.pop();
    this.#inFlight.add(slot);
    slot.buffer = buffer;
    slot.requested = length;
    slot.sequence = this.#submitted;
    this.#submitted += 1;
    this.#bytesInFlight += length;
  }

  /**
   * Cancels everything in flight, newest first: cancelling the oldest first would let the device's
   * data run into a younger transfer behind the hole.
   */
  cancelAll(): void {
    const newestFirst = [...this.#inFlight].sort((a, b) => b.sequence - a.sequence);
    for (const slot of newestFirst) {
      slot.transfer.cancel();
    }
  }
}
