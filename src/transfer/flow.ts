import type { TransferStatus } from '../usb/transfer-status.js';
import { LateService } from './late-service.js';
import { Pace } from './pace.js';
import { Stopwatch } from './stopwatch.js';

/**
 * How well the data flowed: when it came, and how well the pool was kept full. The pool is dry while
 * nothing is in flight although there is more to move: the device has to wait then, or loses
 * data. Times are monotonic milliseconds.
 */
export class Flow {
  readonly pace = new Pace();
  /**
   * The pool was not filled up, as the other end lagged: all the buffers waited for the output, or
   * the input had nothing to send.
   */
  readonly heldUp = new Stopwatch();
  /** The pool was dry, as the other end lagged. */
  readonly dryByPeer = new Stopwatch();
  /** The pool was dry, as this process came too late to submit its transfers again. */
  readonly dryByHost: LateService;
  /**
   * The fewest transfers in flight while there was more to move, as far as buffers and memory
   * allowed no more.
   */
  leastInFlight: number;

  #submittedAt = 0;

  /**
   * @param depth transfers in a full pool
   * @param wireRate the most bytes that the bus can carry in a second; Infinity if unknown
   */
  constructor(depth: number, wireRate: number) {
    this.leastInFlight = depth;
    this.dryByHost = new LateService(this.pace, wireRate);
  }

  /** How long the pool was dry until now: milliseconds. */
  dryMillisecondsAt(now: number): number {
    return this.dryByPeer.millisecondsAt(now) + this.dryByHost.milliseconds;
  }

  /** The pool is about to be filled, for the first time or again. */
  start(now: number): void {
    this.pace.start(now);
    this.dryByHost.excuse(now);
  }

  /**
   * A transfer ended.
   *
   * @param inFlight how many others are in flight
   * @param newest the number of the last submission
   */
  ended(
    sequence: number,
    status: TransferStatus,
    bytes: number,
    inFlight: number,
    newest: number,
    now: number,
  ): void {
    this.pace.ended(bytes, status === 'cancelled' || status === 'timed-out', now);
    if (status === 'completed') {
      this.dryByHost.completed(sequence, bytes, inFlight, newest, now);
    } else {
      this.dryByHost.excuse(now);
    }
  }

  /** There is no buffer for another transfer, or nothing in one. */
  hold(inFlight: number, now: number): void {
    this.heldUp.start(now);
    if (inFlight === 0) {
      this.dryByPeer.start(now);
    }
    this.limit(inFlight);
    this.dryByHost.excuse(now);
  }

  /** There was nothing more to wait for since the last submission. */
  heldForNothing(): void {
    this.heldUp.endedAt(this.#submittedAt);
    this.dryByPeer.endedAt(this.#submittedAt);
  }

  /** There is not the memory for more transfers in flight. */
  limit(inFlight: number): void {
    this.leastInFlight = Math.min(this.leastInFlight, inFlight);
  }

  /** A transfer was submitted. */
  submitted(now: number): void {
    this.#submittedAt = now;
    this.#wet(now);
  }

  /** The pool has all the transfers in flight that it is to have. */
  full(now: number): void {
    if (this.heldUp.running) {
      this.heldUp.stop(now);
      this.#wet(now);
    }
  }

  #wet(now: number): void {
    if (this.dryByPeer.running) {
      this.dryByPeer.stop(now);
      this.dryByHost.excuse(now);
    }
  }
}
