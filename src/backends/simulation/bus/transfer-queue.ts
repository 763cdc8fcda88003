import { endianness } from 'node:os';
import type { TransferStatus } from '../../../usb/transfer-status.js';

const LITTLE_ENDIAN = endianness() === 'LE';

/**
 * Returns a buffer as 32-bit words, to fill it faster; undefined if it does not start at a word boundary
 * or if this machine is not little-endian.
 */
export function wordsOf(buffer: Buffer): Int32Array | undefined {
  return LITTLE_ENDIAN && buffer.byteOffset % 4 === 0
    ? new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length >>> 2)
    : undefined;
}

/**
 * The state of a transfer in the host controller: its memory, its progress and its status. A transfer
 * is itself the link in its queue, so that nothing is allocated while data moves.
 */
export abstract class QueuedTransfer {
  buffer: Buffer = Buffer.alloc(0);
  /** The buffer as words, see `wordsOf`. */
  words: Int32Array | undefined;
  /** The bytes to move. */
  length = 0;
  /** The bytes that have moved. */
  actualLength = 0;
  /** The status, valid once the transfer has ended. */
  status: TransferStatus = 'completed';

  /** The queue that the transfer is in; undefined if it is not in flight. */
  queue: TransferQueue | undefined;
  previous: QueuedTransfer | undefined;
  next: QueuedTransfer | undefined;

  /** Reports the result. The transfer is in no queue then. */
  abstract complete(): void;

  /** Sets the memory for the next submission. */
  load(buffer: Buffer, length: number): void {
    if (buffer !== this.buffer) {
      this.buffer = buffer;
      this.words = wordsOf(buffer);
    }
    this.length = length;
    this.actualLength = 0;
  }
}

/** Transfers in the order in which they were added. Any of them can be removed. */
export class TransferQueue {
  first: QueuedTransfer | undefined;
  count = 0;
  /** The total length of its transfers in bytes. */
  length = 0;
  #last: QueuedTransfer | undefined;

  /** Appends a transfer that is in no queue. */
  push(transfer: QueuedTransfer): void {
    transfer.queue = this;
    transfer.previous = this.#last;
    if (this.#last === undefined) {
      this.first = transfer;
    } else {
      this.#last.next = transfer;
    }
    this.#last = transfer;
    this.count++;
    this.length += transfer.length;
  }

  /** Removes one of its transfers. */
  remove(transfer: QueuedTransfer): void {
    const { previous, next } = transfer;
    if (previous === undefined) {
      this.first = next;
    } else {
      previous.next = next;
    }
    if (next === undefined) {
      this.#last = previous;
    } else {
      next.previous = previous;
    }
    transfer.queue = undefined;
    transfer.previous = undefined;
    transfer.next = undefined;
    this.count--;
    this.length -= transfer.length;
  }
}
