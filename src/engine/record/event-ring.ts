import type { TransferStatus } from '../../usb/transfer-status.js';
import type { ObservedCompletion, ObservedSubmission } from '../queue/observer.js';
import type { StreamNote } from './record-format.js';

/** One end of a transfer that was observed. Valid until it is removed from its ring. */
export interface TransferEvent {
  readonly isCompletion: boolean;
  /** See `ObservedSubmission`. */
  readonly endpoint: number;
  readonly sequence: number;
  readonly requested: number;
  readonly packetSize: number;
  readonly setup: Uint8Array | undefined;
  /** `completed` at a submission. */
  readonly status: TransferStatus;
  /** Bytes moved; 0 at a submission. */
  readonly actualLength: number;
  /** Monotonic milliseconds. */
  readonly time: number;
  /** What happened before it, since the previous event. */
  readonly notes: readonly StreamNote[];
}

/** A place in the ring: an event, and its bytes in the memory of the ring. */
interface Slot extends TransferEvent {
  isCompletion: boolean;
  endpoint: number;
  sequence: number;
  requested: number;
  packetSize: number;
  setup: Uint8Array | undefined;
  status: TransferStatus;
  actualLength: number;
  time: number;
  notes: readonly StreamNote[];
  start: number;
  length: number;
}

const NO_NOTES: readonly StreamNote[] = [];
const NO_BYTES = Buffer.alloc(0);
const IN = 0x80;

/**
 * The events that wait to be written, in memory made beforehand: adding one allocates nothing. The bytes
 * of an event are contiguous.
 *
 * A submission reserves room for its completion, so that every completion has room.
 */
export class EventRing {
  readonly #slots: Slot[];
  readonly #memory: Buffer;
  readonly #keepsData: boolean;
  /** The index of the oldest event, and the number of events. */
  #first = 0;
  #size = 0;
  /** Events without their completion. */
  #pending = 0;
  /** Where the next bytes go, the bytes taken, and those reserved for completions. */
  #end = 0;
  #taken = 0;
  #reserved = 0;
  /** The most bytes of one event so far: fewer than these may be unused at the end of the memory. */
  #longest = 0;

  /**
   * @param events the number of events
   * @param bytes bytes of data; 0 to keep none
   */
  constructor(events: number, bytes: number) {
    this.#keepsData = bytes > 0;
    this.#memory = bytes > 0 ? Buffer.allocUnsafeSlow(bytes) : NO_BYTES;
    this.#slots = Array.from({ length: events }, () => ({
      ...{ isCompletion: false, endpoint: 0, sequence: 0, requested: 0, packetSize: 0 },
      ...{ setup: undefined, status: 'completed', actualLength: 0, time: 0, notes: NO_NOTES },
      ...{ start: 0, length: 0 },
    }));
  }

  /** The number of events. */
  get size(): number {
    return this.#size;
  }

  /** Returns whether there is room for the submission and the completion of a transfer. */
  hasRoom(length: number): boolean {
    const bytes = this.#keepsData ? length : 0;
    const unused = Math.max(bytes, this.#longest);
    return (
      this.#size + this.#pending + 2 <= this.#slots.length &&
      this.#taken + this.#reserved + bytes + unused <= this.#memory.length
    );
  }

  /** Adds a submission. Requires `hasRoom`. */
  addSubmission(submission: ObservedSubmission, notes = NO_NOTES): void {
    const { buffer, requested, submittedAt } = submission;
    const slot = this.#add(submission, submittedAt, notes);
    slot.isCompletion = false;
    slot.status = 'completed';
    slot.actualLength = 0;
    this.#pending += 1;
    this.#longest = Math.max(this.#longest, this.#keepsData ? requested : 0);
    if (isIn(submission)) {
      this.#reserved += this.#keepsData ? requested : 0;
      this.#copy(slot, buffer, 0);
    } else {
      this.#copy(slot, buffer, requested);
    }
  }

  /** Adds the completion of a submission that was added. */
  addCompletion(completion: ObservedCompletion, notes = NO_NOTES): void {
    const { buffer, requested, status, actualLength, completedAt } = completion;
    const slot = this.#add(completion, completedAt, notes);
    slot.isCompletion = true;
    slot.status = status;
    slot.actualLength = actualLength;
    this.#pending -= 1;
    if (isIn(completion)) {
      this.#reserved -= this.#keepsData ? requested : 0;
      this.#copy(slot, buffer, Math.min(actualLength, requested));
    } else {
      this.#copy(slot, buffer, 0);
    }
  }

  /** Returns the event at an offset from the oldest one; undefined after the last. */
  at(offset: number): TransferEvent | undefined {
    return offset < this.#size ? this.#slot(offset) : undefined;
  }

  /** Returns the bytes of the event at an offset. They are valid until the event is removed. */
  dataAt(offset: number): Buffer {
    const { start, length } = this.#slot(offset);
    return length === 0 ? NO_BYTES : this.#memory.subarray(start, start + length);
  }

  /** Removes the oldest events. */
  remove(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#taken -= this.#slot(i).length;
    }
    this.#first = (this.#first + count) % this.#slots.length;
    this.#size -= count;
    if (this.#taken === 0) {
      this.#end = 0; // the start of the memory is more likely to be in the cache
    }
  }

  /** Removes all events, and keeps no more. */
  clear(): void {
    this.remove(this.#size);
  }

  #add(observed: ObservedSubmission, time: number, notes: readonly StreamNote[]): Slot {
    const slot = this.#slot(this.#size);
    slot.endpoint = observed.endpoint;
    slot.sequence = observed.sequence;
    slot.requested = observed.requested;
    slot.packetSize = observed.packetSize;
    slot.setup = observed.setup;
    slot.time = time;
    slot.notes = notes;
    this.#size += 1;
    return slot;
  }

  #copy(slot: Slot, buffer: Buffer, length: number): void {
    slot.length = this.#keepsData ? length : 0;
    if (this.#end + slot.length > this.#memory.length) {
      this.#end = 0; // the rest stays unused, for which `hasRoom` allows
    }
    slot.start = this.#end;
    if (slot.length > 0) {
      buffer.copy(this.#memory, slot.start, 0, slot.length);
      this.#end += slot.length;
    }
    this.#taken += slot.length;
  }

  #slot(offset: number): Slot {
    const slot = this.#slots[(this.#first + offset) % this.#slots.length];
    if (slot === undefined) {
      throw new Error('the ring has no events');
    }
    return slot;
  }
}

function isIn({ endpoint }: ObservedSubmission): boolean {
  return (endpoint & IN) !== 0;
}
