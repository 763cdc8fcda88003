import type { TransferStatus } from '../../../usb/transfer-status.js';
import type { EndpointFunction } from '../gadgets/endpoint.js';
import type { Clock } from './clock.js';
import type { RateLimiter } from './rate-limiter.js';
import { type QueuedTransfer, TransferQueue } from './transfer-queue.js';

/**
 * What a turn may do before the event loop gets its turn: so that timers, signals and file writes
 * are served, however fast the bus is.
 */
const TURN_BYTES = 1_000_000;
const TURN_ANSWERS = 1024;

/** How late a timer of Node may be, in milliseconds, with a margin. */
const TIMER_LATENESS = 2;

export interface PipeOptions {
  readonly clock: Clock;
  readonly endpoint: EndpointFunction;
  /** Undefined: as fast as memory goes. */
  readonly pacer: RateLimiter | undefined;
  /** Asks for a turn. */
  readonly poke: () => void;
}

/**
 * The host's end of a bulk or interrupt pipe: a queue of transfers that it serves first come, first served
 * against what the device answers, and those that ended, in the order of their ends, until they are
 * answered.
 *
 * ```
 *  submit ──▶ queued ──(full, short packet, stall, error, babble, cancel, unplug)──▶ ended ──▶ answer
 * ```
 */
export class Pipe {
  readonly #clock: Clock;
  readonly #endpoint: EndpointFunction;
  readonly #packetSize: number;
  readonly #pacer: RateLimiter | undefined;
  readonly #poke: () => void;

  readonly #queued = new TransferQueue();
  readonly #ended = new TransferQueue();
  #halted = false;
  /** Bytes that may still move in this turn. */
  #budget = 0;

  constructor({ clock, endpoint, pacer, poke }: PipeOptions) {
    this.#clock = clock;
    this.#endpoint = endpoint;
    this.#packetSize = endpoint.packetSize;
    this.#pacer = pacer;
    this.#poke = poke;
  }

  /** Whether any transfer is in flight: queued, or not answered yet. */
  get busy(): boolean {
    return this.#queued.count + this.#ended.count > 0;
  }

  /** Whether a stall halted it. */
  get halted(): boolean {
    return this.#halted;
  }

  /** Queues a transfer that is in no list. */
  submit(transfer: QueuedTransfer): void {
    if (this.#halted) {
      this.#finish(transfer, 'stall');
    } else {
      this.#queued.push(transfer);
      this.#pacer?.allowance(this.#clock.now()); // the wire's time counts from here on
    }
    this.#poke();
  }

  /**
   * Ends a transfer of this pipe early. One that had its last byte but was not answered yet is
   * cancelled all the same, as a host controller's can be: with its whole buffer.
   */
  cancel(transfer: QueuedTransfer): void {
    if (this.#pacer !== undefined) {
      this.#budget = TURN_BYTES;
      this.#advance(); // what the wire has carried by now counts
    }
    if (transfer.list === this.#queued) {
      this.#end(transfer, 'cancelled');
    } else if (transfer.list === this.#ended && transfer.status === 'completed') {
      transfer.status = 'cancelled';
    }
    this.#poke();
  }

  /** CLEAR_FEATURE(ENDPOINT_HALT). */
  clearHalt(): void {
    this.#halted = false;
  }

  /**
   * The device is gone. The host finds out by protocol errors at first, and then by its hub: half
   * of the transfers tell the one, half the other.
   */
  disconnect(): void {
    let errors = Math.ceil(this.#queued.count / 2);
    for (let head = this.#queued.first; head !== undefined; head = this.#queued.first) {
      this.#end(head, errors-- > 0 ? 'error' : 'no-device');
    }
    this.#halted = false;
    this.#poke();
  }

  /**
   * Moves data and answers the transfers that ended, for a bounded while.
   *
   * @returns milliseconds until another turn makes sense: 0 is now, Infinity after the next submit
   */
  turn(): number {
    this.#budget = TURN_BYTES;
    let answers = TURN_ANSWERS;
    let wait: number;
    let before: number;
    do {
      before = answers;
      wait = this.#advance();
      for (let done = this.#ended.first; done && answers > 0; done = this.#ended.first) {
        answers--;
        this.#ended.remove(done);
        done.answer();
      }
    } while (answers > 0 && answers < before);
    // Whatever moved may have made work for another pipe: see at once.
    return this.#budget < TURN_BYTES || answers < TURN_ANSWERS ? 0 : wait;
  }

  /** Moves data until there is nothing to do, or no allowance to do it; returns how long to wait. */
  #advance(): number {
    const now = this.#pacer === undefined ? 0 : this.#clock.now();
    for (let head = this.#queued.first; head !== undefined; head = this.#queued.first) {
      if (this.#budget < this.#packetSize) {
        return 0;
      }
      const earned = this.#pacer?.allowance(now) ?? Number.POSITIVE_INFINITY;
      if (earned < this.#packetSize) {
        return this.#patience(head);
      }
      switch (this.#endpoint.transact(head, Math.min(earned, this.#budget))) {
        case 'data':
          this.#moved(head);
          if (head.actualLength === head.length) {
            this.#end(head, 'completed');
          }
          this.#endpoint.acknowledge();
          break;
        case 'end':
          this.#moved(head);
          this.#end(head, 'completed');
          this.#endpoint.acknowledge();
          break;
        case 'nak':
          this.#pacer?.stop();
          return this.#endpoint.readyAt - this.#clock.now();
        case 'stall':
          this.#halt();
          break;
        case 'error':
          this.#end(head, 'error');
          break;
        case 'babble':
          this.#end(head, 'overflow');
          this.#endpoint.acknowledge();
          break;
      }
    }
    this.#pacer?.stop();
    return Number.POSITIVE_INFINITY;
  }

  #moved(transfer: QueuedTransfer): void {
    const { size } = this.#endpoint;
    transfer.actualLength += size;
    this.#budget -= size;
    this.#pacer?.spend(size);
  }

  /** The head transfer ends with what it has; nothing behind it moves a byte any more. */
  #halt(): void {
    this.#halted = true;
    for (let head = this.#queued.first; head !== undefined; head = this.#queued.first) {
      this.#end(head, 'stall');
    }
  }

  #end(transfer: QueuedTransfer, status: TransferStatus): void {
    this.#queued.remove(transfer);
    this.#finish(transfer, status);
  }

  #finish(transfer: QueuedTransfer, status: TransferStatus): void {
    transfer.status = status;
    this.#ended.push(transfer);
  }

  /**
   * Milliseconds until the head transfer can end. A timer that comes too late costs nothing while
   * the transfers queued behind keep the wire busy; where they do not, it is set short, and the
   * last moments are waited turn by turn.
   */
  #patience(head: QueuedTransfer): number {
    if (this.#pacer === undefined) {
      return 0;
    }
    const { ahead } = this.#endpoint;
    const { count, length } = this.#queued;
    const wait = this.#pacer.timeFor(
      Math.max(this.#packetSize, Math.min(head.length - head.actualLength, ahead)),
    );
    const busy = this.#pacer.timeFor(Math.min(length - head.actualLength, count * ahead));
    if (busy - wait >= 2 * TIMER_LATENESS) {
      return Math.max(1, wait);
    }
    return wait > TIMER_LATENESS ? wait - TIMER_LATENESS : 0;
  }
}
