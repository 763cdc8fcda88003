import { setTimeout as sleep } from 'node:timers/promises';
import type { Device, DeviceLoss } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { isClean, lossOutcome, type Outcome } from '../session/outcome.js';
import { POLL_INTERVAL } from './presence.js';

/** How long the kernel may take to remove a device after the first errors, in milliseconds. */
const LOSS_TIMEOUT = 1000;

/** How often to check a device during a run, in milliseconds. */
const CHECK_INTERVAL = 250;

/**
 * Waits up to a second for a loss, and returns it. A device that is unplugged loses its configuration
 * first, so that loss is confirmed until the second is over.
 */
export async function lossSoon(device: Device): Promise<DeviceLoss | undefined> {
  const until = performance.now() + LOSS_TIMEOUT;
  for (;;) {
    const loss = await device.loss();
    if ((loss !== undefined && loss !== 'deconfigured') || performance.now() >= until) {
      return loss;
    }
    await sleep(POLL_INTERVAL);
  }
}

/**
 * Distinguishes a failure of a transfer from a loss of the device: the kernel reports a burst of errors
 * when a device is unplugged, and removes the device up to a second later.
 *
 * @returns the outcome, with the reason of the loss if there is one
 */
export async function classifyFailure(end: Outcome, device: Device): Promise<Outcome> {
  if (!isAmbiguous(end)) {
    return end;
  }
  const loss = await lossSoon(device);
  return loss === undefined ? end : { ...end, ...lossOutcome(loss) };
}

/** Returns whether a loss of the device could be the reason for a failure. */
function isAmbiguous({ reason, cause }: Outcome): boolean {
  const isRefused = reason === 'submit-failed' && cause instanceof UsbError;
  return reason === 'error' || (isRefused && cause.code !== 'no-memory');
}

/** The part of a stream that a guard watches. */
export interface GuardedStream {
  /** Returns the bytes of the stream so far. */
  position(): number;

  /**
   * Returns the number of transfers in flight, if completions alone do not report a disconnect: a
   * stream that waits for its input has none.
   */
  inFlight?(): number;
}

/**
 * Watches the device during one run of a stream, at moments when no transfer is delayed: by a timer, and
 * at the end. Some losses fail no transfer: after a reset by another process, the kernel claims the
 * interface again without a word.
 */
export class DeviceGuard {
  readonly #device: Device;
  readonly #stream: GuardedStream;
  readonly #onLoss: (end: Outcome) => void;
  /** The bytes of the stream when the device was last known not to be lost. */
  #safe: number;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onLoss called at most once, with the outcome of the run; `explain` knows more at its end */
  constructor(device: Device, stream: GuardedStream, onLoss: (end: Outcome) => void) {
    this.#device = device;
    this.#stream = stream;
    this.#onLoss = onLoss;
    this.#safe = stream.position();
    this.#schedule();
  }

  /** Ends the checks. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /**
   * Returns the outcome of a run, with the loss of the device, if there is one. A reset is a failure at
   * the place up to which the data is safe. It does not change a clean reason.
   */
  async explain(end: Outcome): Promise<Outcome> {
    const loss =
      end.reason === 'device-lost' ? await lossSoon(this.#device) : await this.#lossNow();
    if (loss === 'reset') {
      return this.#afterReset(end);
    }
    const isExplained = end.reason === 'device-lost' || isAmbiguous(end);
    return loss !== undefined && isExplained ? { ...end, ...lossOutcome(loss) } : end;
  }

  /** Returns a loss that is known at once. A disconnect takes a moment: see `classifyFailure`. */
  async #lossNow(): Promise<DeviceLoss | undefined> {
    const loss = await this.#device.loss();
    return loss === 'deconfigured' ? lossSoon(this.#device) : loss;
  }

  #afterReset(end: Outcome): Outcome {
    const { failures = [] } = end;
    // Errors since the last check are part of the reset, and tell its place.
    const isPart = ({ reason, offset }: (typeof failures)[number]): boolean =>
      offset >= this.#safe && (reason === 'error' || reason === 'device-lost');
    const offset = failures.find(isPart)?.offset ?? this.#safe;
    const reset = { reason: 'device-reset', offset } as const;
    const all = [...failures.filter((failure) => !isPart(failure)), reset].sort(
      (a, b) => a.offset - b.offset,
    );
    return isClean(end) ? { ...end, failures: all } : { ...end, ...reset, failures: all };
  }

  #schedule(): void {
    this.#timer = setTimeout(this.#check, CHECK_INTERVAL);
  }

  readonly #check = async (): Promise<void> => {
    const position = this.#stream.position();
    const loss = await this.#device.loss();
    if (this.#isStopped) {
      return;
    }
    if (loss === undefined) {
      this.#safe = position;
    }
    // The transfers in flight report a disconnect, with the bytes that they received.
    const isReported = loss === 'disconnected' && this.#stream.inFlight?.() !== 0;
    if (loss === undefined || isReported) {
      this.#schedule();
    } else {
      this.#onLoss({ reason: 'device-lost' });
    }
  };
}
