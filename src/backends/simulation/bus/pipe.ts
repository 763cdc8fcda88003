import type { TransferStatus } from '../../../usb/transfer-status.js';
import type { EndpointFunction } from '../gadget/endpoint.js';
import type { Clock } from './clock.js';
import type { RateLimiter } from './rate-limiter.js';
import { type QueuedTransfer, TransferQueue } from './transfer-queue.js';

/** Limits of one turn, so that timers, signals and file writes are served however fast the bus is. */
const TURN_BYTES = 1_000_000;
const TURN_COMPLETIONS = 1024;

/** How late a Node timer may be, in milliseconds, with a margin. */
const TIMER_LATENESS = 2;

/**
 * The host's end of a bulk or interrupt pipe. It serves its transfers in order of submission, by
 * transactions with the endpoint. Ended transfers wait for completion, in the order in which they
 * ended.
 *
 * ```
 *  submit ──▶ queued ──(full, short packet, stall, error, babble, cancel, unplug)──▶ ended ──▶ complete
 * ```
 */
export class Pipe {
  readonly #clock: Clock;
  readonly #endpoint: EndpointFunction;
  readonly #packetSize: number;
  readonly #limiter: RateLimiter | undefined;
  readonly #cancelKeepsData: boolean;
  readonly #wake: () => void;

  readonly #queued = new TransferQueue();
  readonly #ended = new TransferQueue();
  #halted = false;
  /** Bytes that may still move in this turn. */
  #budget = 0;

  /**
   * @param limiter undefined for no limit
   * @param cancelKeepsData whether a cancelled transfer reports the bytes that it moved
   * @param wake schedules a turn
   */
  constructor(
    clock: Clock,
    endpoint: EndpointFunction,
    limiter: RateLimiter | undefined,
    cancelKeepsData: boolean,
    wake: () => void,
  ) {
    this.#clock = clock;
    this.#endpoint = endpoint;
    this.#packetSize = endpoint.packetSize;
    this.#limiter = limiter;
    this.#cancelKeepsData = cancelKeepsData;
    this.#wake = wake;
  }

  /** See `Endpoint.ended`. */
  get ended(): AbortSignal | undefined {
    return this.#endpoint.ended;
  }

  /** Whether any transfer is in flight: queued, or not completed yet. */
  get busy(): boolean {
    return this.#queued.count + this.#ended.count > 0;
  }

  /** Whether the endpoint is halted. */
  get halted(): boolean {
    return this.#halted;
  }

  /** Queues a transfer that is in no queue. */
  submit(transfer: QueuedTransfer): void {
    if (this.#halted) {
      this.#finish(transfer, 'stall');
    } else {
      this.#queued.push(transfer);
      this.#limiter?.allowance(this.#clock.now()); // the clock starts here
    }
    this.#wake();
  }

  /**
   * Cancels a transfer of this pipe. A transfer that has moved its last byte but has not completed is
   * cancelled too, with its whole buffer, as may happen with a real host controller. Over USB/IP,
   * such a transfer completes, and any other reports no bytes.
   */
  cancel(transfer: QueuedTransfer): void {
    if (this.#limiter !== undefined) {
      this.#budget = TURN_BYTES;
      this.#advance(); // the bytes that the bus has had time to move count
    }
    if (transfer.queue === this.#queued) {
      this.#end(transfer, 'cancelled');
      if (!this.#cancelKeepsData) {
        transfer.actualLength = 0;
      }
    } else if (
      this.#cancelKeepsData &&
      transfer.queue === this.#ended &&
      transfer.status === 'completed'
    ) {
      transfer.status = 'cancelled';
    }
    this.#wake();
  }

  /** Halts the endpoint, which ends all transfers: only the first has the bytes that it moved. */
  halt(): void {
    this.#halted = true;
    for (let head = this.#queued.first; head !== undefined; head = this.#queued.first) {
      this.#end(head, 'stall');
    }
  }

  /** Handles CLEAR_FEATURE(ENDPOINT_HALT). */
  clearHalt(): void {
    this.#halted = false;
    this.#endpoint.restart?.();
  }

  /** Tells the endpoint that its interface was claimed. */
  claim(): void {
    this.#endpoint.restart?.();
  }

  /**
   * Ends all transfers because the device is gone. A real host first sees protocol errors, then the
   * report of the hub: half of the transfers end with `error`, the other half with `no-device`.
   */
  disconnect(): void {
    let errors = Math.ceil(this.#queued.count / 2);
    for (let head = this.#queued.first; head !== undefined; head = this.#queued.first) {
      this.#end(head, errors-- > 0 ? 'error' : 'no-device');
    }
    this.#halted = false;
    this.#wake();
  }

  /**
   * Ends all transfers because the interface is taken from its handle. As on Linux, these may complete
   * as if they had received a short packet.
   */
  abort(): void {
    for (let head = this.#queued.first; head !== undefined; head = this.#queued.first) {
      this.#end(head, 'completed');
    }
    this.#halted = false;
    this.#wake();
  }

  /**
   * Moves data and completes the transfers that ended, within the limits of a turn.
   *
   * @returns milliseconds until the next turn is useful: 0 for now, Infinity if only a submit makes it
   *   useful
   */
  turn(): number {
    this.#budget = TURN_BYTES;
    let completions = TURN_COMPLETIONS;
    let wait: number;
    let before: number;
    do {
      before = completions;
      wait = this.#advance();
      for (let done = this.#ended.first; done && completions > 0; done = this.#ended.first) {
        completions--;
        this.#ended.remove(done);
        done.complete();
      }
    } while (completions > 0 && completions < before);
    // What moved may be work for another pipe, so the next turn comes at once.
    return this.#budget < TURN_BYTES || completions < TURN_COMPLETIONS ? 0 : wait;
  }

  /** Moves data while queue, budget and rate allow it; returns the milliseconds to wait. */
  #advance(): number {
    const now = this.#limiter === undefined ? 0 : this.#clock.now();
    for (let head = this.#queued.first; head !== undefined; head = this.#queued.first) {
      if (this.#budget < this.#packetSize) {
        return 0;
      }
      const earned = this.#limiter?.allowance(now) ?? Number.POSITIVE_INFINITY;
      if (earned < this.#packetSize) {
        return this.#timeToEnd(head);
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
          this.#limiter?.stop();
          return this.#endpoint.readyAt - this.#clock.now();
        case 'stall':
          this.halt();
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
    this.#limiter?.stop();
    return Number.POSITIVE_INFINITY;
  }

  #moved(transfer: QueuedTransfer): void {
    const { size } = this.#endpoint;
    transfer.actualLength += size;
    this.#budget -= size;
    this.#limiter?.spend(size);
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
   * Returns the milliseconds until the first transfer can end. A late timer costs nothing while later
   * transfers keep the bus busy. Otherwise the result is shorter, and short turns fill the rest of the
   * time.
   */
  #timeToEnd(head: QueuedTransfer): number {
    if (this.#limiter === undefined) {
      return 0;
    }
    const { ahead } = this.#endpoint;
    const { count, length } = this.#queued;
    const wait = this.#limiter.timeFor(
      Math.max(this.#packetSize, Math.min(head.length - head.actualLength, ahead)),
    );
    const busy = this.#limiter.timeFor(Math.min(length - head.actualLength, count * ahead));
    if (busy - wait >= 2 * TIMER_LATENESS) {
      return Math.max(1, wait);
    }
    return wait > TIMER_LATENESS ? wait - TIMER_LATENESS : 0;
  }
}
