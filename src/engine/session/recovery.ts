import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, ClaimOptions } from '../../usb/backend.js';
import { toError, UsbError } from '../../usb/errors.js';
import { type EndpointLocation, locateIn } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { type OpenEndpoint, openEndpoint, openWhenReady } from '../device/open.js';
import { classifyError, isSameDevice, waitForDevice } from '../device/presence.js';
import type { Gap, ReceiveStatistics } from '../stats/statistics.js';
import { internalError, type Outcome } from './outcome.js';

/** How long to leave a device alone that fails again and again, in milliseconds: it may be going. */
const PAUSE = 50;

/** What to do about failures. By default a capture ends with the first. */
export interface RecoveryOptions {
  /** Stalls, errors and overflows in a row, without data between, after which to go on. */
  readonly keepGoing?: number | undefined;
  /** Milliseconds to wait for the same device when it is lost; Infinity for ever. */
  readonly reconnect?: number | undefined;
  /** How to claim the interface of a device that is back. */
  readonly claim?: ClaimOptions | undefined;
  /** Told of each gap as it happens. */
  readonly onGap?: ((gap: Gap) => void) | undefined;
  /** Told that a lost device is back. */
  readonly onReconnect?: (() => void) | undefined;
}

/** A capture at its end; without a source when the device was lost, and closed, before. */
export interface Finished {
  readonly end: Outcome;
  readonly source: OpenEndpoint | undefined;
}

/** Where a capture stands after a drain: it goes on with a source, or it ends. */
export type RecoveryDecision =
  | Finished
  | { readonly end: undefined; readonly source: OpenEndpoint };

/** Decides after each drain whether a capture ends, and makes the device fit for going on. */
export class Recovery {
  readonly #backend: Backend;
  readonly #device: DeviceInfo;
  readonly #location: EndpointLocation;
  readonly #options: RecoveryOptions;
  readonly #statistics: ReceiveStatistics;
  readonly #stopped: AbortSignal;
  /** Failures since data came last, and the bytes received by then. */
  #inARow = 0;
  #receivedBefore = 0;

  /** @param stopped aborted when the capture is to end: nothing is waited for then */
  constructor(
    backend: Backend,
    device: DeviceInfo,
    location: EndpointLocation,
    options: RecoveryOptions,
    statistics: ReceiveStatistics,
    stopped: AbortSignal,
  ) {
    this.#backend = backend;
    this.#device = device;
    this.#location = location;
    this.#options = options;
    this.#statistics = statistics;
    this.#stopped = stopped;
  }

  /** @param end why the receiver's run ended, with everything drained */
  async after(end: Outcome, source: OpenEndpoint): Promise<RecoveryDecision> {
    switch (end.reason) {
      case 'stall':
      case 'error':
      case 'overflow':
        return this.#afterFailure(end, source);
      case 'device-lost':
        return this.#endOrReconnect(end, source);
      default:
        return { end, source };
    }
  }

  async #afterFailure(end: Outcome, source: OpenEndpoint): Promise<RecoveryDecision> {
    if (this.#stopped.aborted || this.#isTooMany()) {
      return this.#endOrReconnect(await classifyError(end, source.device), source);
    }
    this.#gap(end);
    try {
      // Only a halt is cleared: doing so resets the data toggle, which costs a packet elsewhere.
      if (end.reason === 'stall') {
        await source.endpoint.clearHalt();
      } else if (this.#inARow > 1) {
        await sleep(PAUSE); // errors in a row
      }
    } catch (error) {
      const gone = error instanceof UsbError && error.code === 'no-device';
      const reason = gone ? 'device-lost' : end.reason;
      return this.#endOrReconnect({ ...end, reason, cause: toError(error) }, source);
    }
    return { end: undefined, source };
  }

  async #endOrReconnect(end: Outcome, source: OpenEndpoint): Promise<RecoveryDecision> {
    const { reconnect, onReconnect } = this.#options;
    const { bytesWritten } = this.#statistics;
    if (reconnect === undefined || this.#stopped.aborted || end.reason !== 'device-lost') {
      // Transfers that were queued behind the one that failed may have brought more.
      if ((end.offset ?? bytesWritten) < bytesWritten) {
        this.#statistics.recordGap(end);
      }
      return { end, source };
    }
    this.#gap(end);
    await source.close().catch(() => {}); // of a lost device nothing is left to put back
    try {
      const reopened = await this.#reopen(reconnect);
      if (reopened === undefined) {
        return { end, source: undefined };
      }
      onReconnect?.();
      return { end: undefined, source: reopened };
    } catch (error) {
      return { end: lossBy(error), source: undefined };
    }
  }

  /** The endpoint of the same device once it is back; undefined when it is not in time. */
  async #reopen(timeout: number): Promise<OpenEndpoint | undefined> {
    const back = await waitForDevice(
      this.#backend,
      (candidate) => isSameDevice(this.#device, candidate) && isConfigured(candidate),
      timeout,
      this.#stopped,
    );
    if (back === undefined) {
      return undefined;
    }
    const { interfaceNumber, alternateSetting, endpoint } = this.#location;
    const { address } = endpoint;
    const location = locateIn(back, { address, interfaceNumber, alternateSetting });
    const open = () => openEndpoint(this.#backend, back, location, this.#options.claim);
    return openWhenReady(open, this.#stopped);
  }

  #isTooMany(): boolean {
    const { bytesReceived } = this.#statistics;
    this.#inARow = bytesReceived > this.#receivedBefore ? 1 : this.#inARow + 1;
    this.#receivedBefore = bytesReceived;
    return this.#inARow > (this.#options.keepGoing ?? 0);
  }

  /** Records the gap that a capture goes on behind, and tells of it. */
  #gap(end: Outcome): void {
    const gap = this.#statistics.recordGap(end);
    this.#options.onGap?.(gap);
  }
}

function isConfigured(device: DeviceInfo): boolean {
  return device.configurationValue !== undefined;
}

function lossBy(error: unknown): Outcome {
  return error instanceof UsbError ? { reason: 'device-lost', cause: error } : internalError(error);
}
