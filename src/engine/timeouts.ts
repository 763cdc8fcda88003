import type { Completion, TransferQueue } from './queue/transfer-queue.js';
import { Watchdog } from './timers.js';

/** How long to wait; without a value, forever. */
export interface TimeoutOptions {
  /** Milliseconds that a transfer may be pending: then it is cancelled, and submitted again. */
  readonly timeout?: number | undefined;
  /** Milliseconds without any byte after which the capture ends. */
  readonly idleTimeout?: number | undefined;
}

/** The timeouts of an IN endpoint: of single transfers, and of the stream as a whole. */
export class Timeouts {
  readonly #timeout: Watchdog | undefined;
  #idle: Watchdog | undefined;
  #queue: TransferQueue | undefined;
  #lastArrival = 0;
  /** The transfer that was cut short to see whether any byte has arrived in it. */
  #probed: Completion | undefined;
  #isPaused = false;
  #isSilent = false;

  constructor({ timeout, idleTimeout }: TimeoutOptions) {
    if (timeout !== undefined) {
      this.#timeout = new Watchdog(
        timeout,
        () => this.#queue?.oldestSubmission,
        (latest) => this.#queue?.expire(latest),
      );
    }
    if (idleTimeout !== undefined) {
      this.#idle = new Watchdog(idleTimeout, this.#silentSince, this.#probe);
    }
  }

  start(queue: TransferQueue): void {
    this.#queue = queue;
    this.#isSilent = false;
    this.#lastArrival = performance.now();
    this.#timeout?.start();
    this.#idle?.start();
  }

  stop(): void {
    this.#queue = undefined;
    this.#probed = undefined;
    this.#timeout?.stop();
    this.#idle?.stop();
  }

  /** Whether nothing arrived for the idle timeout in this run. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /**
   * Sets the idle timeout, which counts from now. Outside a run it is not timed.
   *
   * @param milliseconds Infinity for none
   */
  setIdle(milliseconds: number): void {
    this.#idle?.stop();
    this.#idle = undefined;
    this.#lastArrival = performance.now();
    if (milliseconds < Number.POSITIVE_INFINITY) {
      this.#idle = new Watchdog(milliseconds, this.#silentSince, this.#probe);
      if (this.#queue !== undefined) {
        this.#idle.start();
      }
    }
  }

  /** Notes a transfer that ended. */
  onComplete(completion: Completion, now: number): void {
    if (this.#idle === undefined) {
      return;
    }
    if (completion.actualLength > 0) {
      this.#lastArrival = now;
      this.#probed = undefined;
    } else if (this.#probed === completion) {
      this.#probed = undefined;
      this.#isSilent = true;
    }
  }

  /**
   * Whether nothing is in flight because the output lags. A device that cannot send anything is not
   * silent.
   */
  set isPaused(isPaused: boolean) {
    if (this.#isPaused && !isPaused) {
      this.#lastArrival = performance.now();
    }
    this.#isPaused = isPaused;
  }

  /** A device from which nothing is requested, as at the end, is not silent either. */
  readonly #silentSince = (): number | undefined =>
    this.#probed !== undefined || this.#isPaused || this.#queue?.inFlight === 0
      ? undefined
      : this.#lastArrival;

  /** Bytes may be in a transfer that is not full yet: only its completion shows them. */
  readonly #probe = (): void => {
    this.#probed = this.#queue?.expireOldest();
  };
}
