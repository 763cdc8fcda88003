import { UsbError } from '../usb/errors.js';
import type { DeviceInfo } from '../usb/model.js';
import { requireTime } from './checks.js';
import type { Completion, TransferQueue } from './queue/transfer-queue.js';
import { Watchdog } from './timers.js';

/** How long to wait; forever by default. */
export interface TimeoutOptions {
  /** Milliseconds after which a pending transfer is cancelled and submitted again. */
  readonly timeout?: number | undefined;
  /** Milliseconds without any byte of payload after which the capture ends. */
  readonly idleTimeout?: number | undefined;
}

/**
 * Checks that a timeout of transfers loses no data.
 *
 * @throws UsbError `not-supported` if there is one and cancelling does not keep data
 */
export function checkTimeout(
  { timeout }: TimeoutOptions,
  { path, cancelKeepsData }: Pick<DeviceInfo, 'path' | 'cancelKeepsData'>,
): void {
  if (timeout !== undefined && !cancelKeepsData) {
    throw new UsbError(
      'not-supported',
      `the device at ${path} is attached through USB/IP, where a transfer that times out loses its data`,
      { remedy: { kind: 'omit-timeout' } },
    );
  }
}

/** The timeouts of an IN endpoint: of single transfers, and of the stream as a whole. */
export class Timeouts {
  readonly #timeout: Watchdog | undefined;
  #idle: Watchdog | undefined;
  #queue: TransferQueue | undefined;
  #lastArrival = 0;
  /** The transfer that was cancelled to find out whether it has received any byte. */
  #probed: Completion | undefined;
  #isPaused = false;
  #isIdle = false;
  readonly #onIdle: () => void;
  #cancelKeepsData = true;

  /**
   * @param onIdle called when the idle timeout expires without a cancelled transfer
   * @throws RangeError for times out of range
   */
  constructor({ timeout, idleTimeout }: TimeoutOptions, onIdle: () => void) {
    requireTime('timeout', timeout);
    requireTime('idleTimeout', idleTimeout);
    this.#onIdle = onIdle;
    if (timeout !== undefined) {
      this.#timeout = new Watchdog(
        timeout,
        () => this.#queue?.oldestSubmission,
        (latest) => this.#queue?.expire(latest),
      );
    }
    if (idleTimeout !== undefined) {
      this.#idle = new Watchdog(idleTimeout, this.#idleSince, this.#probe);
    }
  }

  /** @param cancelKeepsData see `DeviceInfo` */
  start(queue: TransferQueue, cancelKeepsData: boolean): void {
    this.#queue = queue;
    this.#cancelKeepsData = cancelKeepsData;
    this.#isIdle = false;
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

  /** Whether the idle timeout has expired in this run. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /**
   * Sets the idle timeout, which counts from now, but only during a run.
   *
   * @param milliseconds Infinity for none
   */
  setIdleTimeout(milliseconds: number): void {
    this.#idle?.stop();
    this.#idle = undefined;
    this.#isIdle = false;
    this.#probed = undefined;
    this.#lastArrival = performance.now();
    if (milliseconds < Number.POSITIVE_INFINITY) {
      this.#idle = new Watchdog(milliseconds, this.#idleSince, this.#probe);
      if (this.#queue !== undefined) {
        this.#idle.start();
      }
    }
  }

  /** Records a completion, with this many bytes of payload. */
  onComplete(completion: Completion, payload: number, now: number): void {
    if (payload > 0) {
      this.#lastArrival = now;
      this.#probed = undefined;
    } else if (this.#probed === completion) {
      this.#probed = undefined;
      this.#isIdle = true;
    }
  }

  /** Whether nothing is in flight because the output lags. The device is not idle: it cannot send. */
  set isPaused(isPaused: boolean) {
    if (this.#isPaused && !isPaused) {
      this.#lastArrival = performance.now();
    }
    this.#isPaused = isPaused;
  }

  /** Returns since when the device has been idle; undefined while nothing is requested from it. */
  readonly #idleSince = (): number | undefined =>
    this.#probed !== undefined || this.#isIdle || this.#queue?.inFlight === 0
      ? undefined
      : this.#lastArrival;

  /**
   * Cancels the oldest transfer: only its completion shows whether it has received any bytes. If that
   * would lose these bytes, the time without a completion is enough.
   */
  readonly #probe = (): void => {
    if (this.#cancelKeepsData) {
      this.#probed = this.#queue?.expireOldest();
    } else {
      this.#isIdle = true;
      this.#onIdle();
    }
  };
}
