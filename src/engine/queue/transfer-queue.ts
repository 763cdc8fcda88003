import type { Endpoint, Transfer } from '../../usb/backend.js';
import type { TransferStatus } from '../../usb/transfer-status.js';
import type { ObservedCompletion, TransferObserver } from './observer.js';

/** A completed transfer. The queue owns it, and it is valid until it is removed from the queue. */
export interface Completion {
  readonly buffer: Buffer;
  /** Bytes requested. */
  readonly requested: number;
  readonly status: TransferStatus;
  /** Bytes moved, whatever the status. */
  readonly actualLength: number;
}

/** A place in the ring: a transfer, and its current submission. */
interface Slot extends ObservedCompletion {
  readonly transfer: Transfer;
  inFlight: boolean;
  buffer: Buffer;
  requested: number;
  status: TransferStatus;
  actualLength: number;
  submittedAt: number;
  /** Set only for an observer, like `completedAt`. */
  sequence: number;
  completedAt: number;
  /** Whether it was cancelled because it was pending too long. */
  expired: boolean;
}

const NO_BUFFER = Buffer.alloc(0);

/**
 * The transfers of one endpoint, created once, and their completions in the order of submission.
 *
 * Cancelled transfers complete in the order of cancelling, newest first, so the order of completion
 * is not the order of the data. A completion stays in the queue until all before it are removed, and
 * its transfer cannot be submitted again until then.
 *
 * ```text
 *            head
 *              ▼
 *   … removed │ ✔ │ ✔ │ … │ ✔ │ … │ free         ✔ completed   … in flight
 *              └─────┘     └─ waits for the one before it
 *              can be removed
 * ```
 *
 * A ring of fixed size: submitting and completing allocate nothing.
 */
export class TransferQueue {
  readonly endpoint: Endpoint;
  readonly #slots: Slot[] = [];
  /** The index of the head in the ring, and the number of slots taken from there on. */
  #first = 0;
  #taken = 0;
  #inFlight = 0;
  #bytesInFlight = 0;
  #bytesSubmitted = 0;
  readonly #observer: TransferObserver | undefined;
  #nextSequence: number;
  readonly #resume: () => void;
  /** The number of slots from the head on that the observer has seen. */
  #observed = 0;

  /**
   * @param depth the number of transfers, from 1
   * @param onComplete called for each transfer as soon as it completes, in any order
   * @param firstSequence the number of the first submission, for the observer
   * @param resume called when the observer may have room again
   */
  constructor(
    endpoint: Endpoint,
    depth: number,
    onComplete: (completion: Completion) => void,
    observer?: TransferObserver,
    firstSequence = 0,
    resume: () => void = () => {},
  ) {
    this.endpoint = endpoint;
    this.#resume = resume;
    this.#observer = observer;
    this.#nextSequence = firstSequence;
    for (let i = 0; i < depth; i += 1) {
      const slot: Slot = {
        transfer: endpoint.createTransfer((status, actualLength) => {
          slot.inFlight = false;
          slot.status = slot.expired && status === 'cancelled' ? 'timed-out' : status;
          slot.actualLength = actualLength;
          this.#inFlight -= 1;
          this.#bytesInFlight -= slot.requested;
          if (observer !== undefined) {
            slot.completedAt = performance.now();
          }
          onComplete(slot);
        }),
        inFlight: false,
        buffer: NO_BUFFER,
        requested: 0,
        status: 'completed',
        actualLength: 0,
        submittedAt: 0,
        expired: false,
        endpoint: endpoint.address,
        packetSize: endpoint.maxPacketSize,
        sequence: 0,
        completedAt: 0,
      };
      this.#slots.push(slot);
    }
  }

  /** Whether no transfer can be submitted: each is in flight, or its completion is still queued. */
  get isFull(): boolean {
    return this.#taken === this.#slots.length;
  }

  /**
   * Whether the observer, if there is one, has room for one more transfer. If it has none, it says when it
   * has.
   *
   * @param length bytes to move
   */
  canObserve(length: number): boolean {
    return this.#observer?.hasRoom?.(length, this.#resume) ?? true;
  }

  /** Transfers in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bytes that the transfers in flight request. */
  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /** Bytes that all submissions so far requested. */
  get bytesSubmitted(): number {
    return this.#bytesSubmitted;
  }

  /**
   * Submits a transfer. The queue owns the buffer until the completion is removed.
   *
   * @param length bytes to move, from the start of the buffer
   * @param now monotonic milliseconds
   * @throws UsbError as `Transfer.submit`; then nothing was submitted, and the caller keeps the buffer
   */
  submit(buffer: Buffer, length: number, now: number): void {
    const slot = this.isFull ? undefined : this.#at(this.#taken);
    if (slot === undefined) {
      throw new Error('the transfer queue is full');
    }
    slot.transfer.submit(buffer, length);
    slot.inFlight = true;
    slot.buffer = buffer;
    slot.requested = length;
    slot.submittedAt = now;
    slot.expired = false;
    this.#taken += 1;
    this.#inFlight += 1;
    this.#bytesInFlight += length;
    this.#bytesSubmitted += length;
    if (this.#observer !== undefined) {
      slot.sequence = this.#nextSequence++;
      this.#observer.onSubmit?.(slot);
    }
  }

  /**
   * Passes completions to the observer, up to the oldest transfer in flight. Call it for each
   * completion, before anything uses the buffers.
   *
   * @throws what the observer throws
   */
  observe(): void {
    while (this.#observed < this.#taken) {
      const slot = this.#at(this.#observed);
      if (slot === undefined || slot.inFlight) {
        return;
      }
      this.#observed += 1;
      this.#observer?.onComplete?.(slot);
    }
  }

  /** The oldest submission that has not been removed, if it has completed. */
  get head(): Completion | undefined {
    return this.#head();
  }

  /** Removes the head. The caller then owns its buffer, and its transfer can be submitted again. */
  removeHead(): void {
    const slot = this.#head();
    if (slot === undefined) {
      throw new Error('the oldest transfer is in flight');
    }
    slot.buffer = NO_BUFFER;
    if (this.#observed > 0) {
      this.#observed -= 1;
    }
    this.#first = this.#first + 1 === this.#slots.length ? 0 : this.#first + 1;
    this.#taken -= 1;
  }

  /**
   * When the oldest transfer in flight that has not expired was submitted, in monotonic milliseconds;
   * undefined if there is none.
   */
  get oldestSubmission(): number | undefined {
    return this.#oldest((slot) => !slot.expired)?.submittedAt;
  }

  /** Cancels the transfers submitted at this time or before. They complete as `timed-out`. */
  expire(submittedAt: number): void {
    this.#cancel((slot) => !slot.expired && slot.submittedAt <= submittedAt, true);
  }

  /**
   * Cancels the oldest transfer in flight, which receives the next data. It completes as `timed-out`.
   *
   * @returns its future completion; undefined if nothing is in flight
   */
  expireOldest(): Completion | undefined {
    const slot = this.#oldest(() => true);
    if (slot !== undefined) {
      slot.expired = true;
      slot.transfer.cancel();
    }
    return slot;
  }

  /** Cancels everything in flight. */
  cancelAll(): void {
    this.#cancel(() => true, false);
  }

  /**
   * Cancels newest first: if the oldest were cancelled first, a newer transfer that is about to be
   * cancelled too would receive data.
   */
  #cancel(chosen: (slot: Slot) => boolean, expired: boolean): void {
    for (let i = this.#taken - 1; i >= 0; i -= 1) {
      const slot = this.#at(i);
      if (slot?.inFlight && chosen(slot)) {
        slot.expired ||= expired;
        slot.transfer.cancel();
      }
    }
  }

  #oldest(chosen: (slot: Slot) => boolean): Slot | undefined {
    for (let i = 0; i < this.#taken; i += 1) {
      const slot = this.#at(i);
      if (slot?.inFlight && chosen(slot)) {
        return slot;
      }
    }
    return undefined;
  }

  #head(): Slot | undefined {
    const slot = this.#taken > 0 ? this.#slots[this.#first] : undefined;
    return slot?.inFlight ? undefined : slot;
  }

  /** Returns the slot at an offset from the head. A subtraction is faster than a remainder. */
  #at(offset: number): Slot | undefined {
    const place = this.#first + offset;
    return this.#slots[place < this.#slots.length ? place : place - this.#slots.length];
  }
}
