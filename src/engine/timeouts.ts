import type { TransferQueue } from './queue/transfer-queue.js';
import { Watchdog } from './timers.js';

/** How long things may take. Without a time, for ever. */
export interface TimeOutOptions {
  /** Milliseconds that a transfer may wait: then it is cancelled, and submitted anew. */
  readonly timeout?: number | undefined;
  /** Milliseconds without any byte that end the capture. */
  readonly idleTimeout?: number | undefined;
}

/** The time-outs of a pool: of single transfers, and of the stream as a whole. */
export class Timeouts {
  readonly #timeout: Watchdog | undefined;
  #idle: Watchdog | undefined;
  readonly #onSilence: () => void;
  #pool: TransferQueue | undefined;
  #lastArrival = 0;
  /** The submission that was cut short to see whether any byte has arrived in it. */
  #probed: number | undefined;
  #dry = false;

  /** @param onSilence called when nothing has arrived for the idle time-out */
  constructor({ timeout, idleTimeout }: TimeOutOptions, onSilence: () => void) {
    this.#onSilence = onSilence;
    if (timeout !== undefined) {
      this.#timeout = new Watchdog(
        timeout,
        () => this.#pool?.oldestSubmission,
        (latest) => this.#pool?.expire(latest),
      );
    }
    if (idleTimeout !== undefined) {
      this.#idle = new Watchdog(idleTimeout, this.#silentSince, this.#probe);
    }
  }

  start(pool: TransferQueue): void {
    this.#pool = pool;
    this.#lastArrival = performance.now();
    this.#timeout?.start();
    this.#idle?.start();
  }

  stop(): void {
    this.#pool = undefined;
    this.#probed = undefined;
    this.#timeout?.stop();
    this.#idle?.stop();
  }

  /**
   * From here on, so many milliseconds without any byte are silence; Infinity for no such time. What
   * is over, or has not begun, is not timed.
   */
  setIdle(milliseconds: number): void {
    this.#idle?.stop();
    this.#idle = undefined;
    this.#lastArrival = performance.now();
    if (milliseconds < Number.POSITIVE_INFINITY) {
      this.#idle = new Watchdog(milliseconds, this.#silentSince, this.#probe);
      if (this.#pool !== undefined) {
        this.#idle.start();
      }
    }
  }

  /** A submission was answered, with so many bytes. */
  answered(sequence: number, bytes: number, now: number): void {
    if (this.#idle === undefined) {
      return;
    }
    if (bytes > 0) {
      this.#lastArrival = now;
      this.#probed = undefined;
    } else if (this.#probed === sequence) {
      this.#probed = undefined;
      this.#onSilence();
    }
  }

  /**
   * Whether nothing is in flight because the sink holds the stream up. A device that can send
   * nothing is not silent.
   */
  set dry(dry: boolean) {
    if (this.#dry && !dry) {
      this.#lastArrival = performance.now();
    }
    this.#dry = dry;
  }

  /** A device from which nothing is asked, as at the end, is not silent either. */
  readonly #silentSince = (): number | undefined =>
    this.#probed !== undefined || this.#dry || this.#pool?.inFlight === 0
      ? undefined
      : this.#lastArrival;

  /** Bytes may sit in a transfer that is not full yet: only its completion tells. */
  readonly #probe = (): void => {
    this.#probed = this.#pool?.expireOldest();
  };
}
