import type { TransferStatus } from '../../../usb/transfer-status.js';
import { wordsOf } from '../gadgets/counter.js';

/**
 * What the host controller knows of a transfer: its memory, how far it has come, how it ended. It
 * is its own link in the one list that it is in, so that nothing is allocated while data moves.
 */
export abstract class QueuedTransfer {
  buffer: Buffer = Buffer.alloc(0);
  /** The buffer as words, see `wordsOf`. */
  words: Int32Array | undefined;
  /** Bytes to move. */
  length = 0;
  /** Bytes that have moved. */
  actualLength = 0;
  /** How it ended, once it is in the list of those that did. */
  status: TransferStatus = 'completed';

  /** The list that it is in; undefined when it is not in flight. */
  list: TransferQueue | undefined;
  previous: QueuedTransfer | undefined;
  next: QueuedTransfer | undefined;

  /** Hands the result to whoever submitted the transfer. It is in no list any more. */
  abstract answer(): void;

  /** Sets the memory for a new flight. */
  load(buffer: Buffer, length: number): void {
    if (buffer !== this.buffer) {
      this.buffer = buffer;
      this.words = wordsOf(buffer);
    }
    this.length = length;
    this.actualLength = 0;
  }
}

/** Transfers in the order in which they came; any of them can be taken out. */
export class TransferQueue {
  first: QueuedTransfer | undefined;
  count = 0;
  /** Bytes that the transfers in it can carry in all. */
  length = 0;
  #last: QueuedTransfer | undefined;

  /** Puts a transfer that is in no list at the end. */
  push(transfer: QueuedTransfer): void {
    transfer.list = this;
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

  /** Takes one of its transfers out. */
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
    transfer.list = undefined;
    transfer.previous = undefined;
    transfer.next = undefined;
    this.count--;
    this.length -= transfer.length;
  }
}
