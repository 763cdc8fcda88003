import { setTimeout as sleep } from 'node:timers/promises';
import { toError, UsbError } from '../../usb/errors.js';
import { type EndpointLocation, locateIn } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { isCount, requireRange, requireTime } from '../checks.js';
import { classifyFailure } from '../device/guard.js';
import { type OpenEndpoint, openEndpoint, openWhenReady } from '../device/open.js';
import { examine, isReady, isSameDevice, waitForDevice } from '../device/presence.js';
import { type Restart, restartDevice } from '../device/restart.js';
import type { Gap, ReceiveStatistics } from '../stats/statistics.js';
import { checkTimeout, type TimeoutOptions } from '../timeouts.js';
import { internalError, type Outcome } from './outcome.js';
import type { RecoveryDecision, StreamRequest } from './run.js';

/** Milliseconds before a device that failed twice in a row is used again: it may be disconnecting. */
const PAUSE = 50;

/** How long a reset by another process may take until the device is configured, in milliseconds. */
const RESET_TIMEOUT = 10_000;

/** What to do after failures. By default, the first failure ends a capture. */
export interface RecoveryOptions {
  /** How many stalls, errors, overflows and resets by other processes without data between them do not end the capture. */
  readonly keepGoing?: number | undefined;
  /** Milliseconds to wait for a lost device to come back; Infinity for no limit. */
  readonly reconnect?: number | undefined;
  /**
   * How to restart a device that sent nothing for the idle timeout, and the number of restarts in a row,
   * with no byte between them, after which the capture ends as idle.
   */
  readonly onIdle?: { readonly restart: Restart; readonly attempts: number } | undefined;
  /** Called before each restart, with its number in a row, from 1. */
  readonly onRestart?: ((restart: Restart, attempt: number) => void) | undefined;
  /** Called with each gap as it is recorded, and whether the capture continues. */
  readonly onGap?: ((gap: Gap, continues: boolean) => void) | undefined;
  /** Called when a halt before the first byte was cleared: it leaves no gap. */
  readonly onInitialHalt?: (() => void) | undefined;
  /** Called when a lost device is back. */
  readonly onReconnect?: (() => void) | undefined;
}

/** The parts of a capture's request that a recovery uses. */
interface RecoveryRequest extends Pick<StreamRequest<unknown>, 'backend' | 'device' | 'claim'> {
  readonly location: EndpointLocation;
  readonly receive: TimeoutOptions;
  readonly recovery?: RecoveryOptions | undefined;
}

/** Decides after each drain whether a capture ends, and prepares the device if it continues. */
export class Recovery {
  readonly #request: RecoveryRequest;
  readonly #options: RecoveryOptions;
  readonly #statistics: ReceiveStatistics;
  readonly #stopped: AbortSignal;
  /** Failures and restarts since data last arrived, and the bytes of payload by then. */
  #failuresInARow = 0;
  #restartsInARow = 0;
  #bytesBefore = 0;

  /**
   * @param stopped aborted when the capture is stopped; ends every wait
   * @throws RangeError for options out of range
   */
  constructor(request: RecoveryRequest, statistics: ReceiveStatistics, stopped: AbortSignal) {
    this.#request = request;
    this.#options = request.recovery ?? {};
    const { keepGoing = 0, reconnect, onIdle } = this.#options;
    requireRange('keepGoing', keepGoing, 0, isCount);
    requireTime('reconnect', reconnect);
    requireRange('onIdle.attempts', onIdle?.attempts ?? 1, 1, isCount);
    this.#statistics = statistics;
    this.#stopped = stopped;
  }

  /**
   * Decides whether a capture continues after a run.
   *
   * @param end the outcome of the receiver's run, which is drained
   */
  async decide(end: Outcome, target: OpenEndpoint): Promise<RecoveryDecision<OpenEndpoint>> {
    const { bytesOfPayload } = this.#statistics;
    if (bytesOfPayload > this.#bytesBefore) {
      this.#bytesBefore = bytesOfPayload;
      this.#failuresInARow = 0;
      this.#restartsInARow = 0;
    }
    const isLost = end.failures?.at(-1)?.reason === 'device-lost'; // after another failure
    switch (isLost && this.#options.reconnect !== undefined ? 'device-lost' : end.reason) {
      case 'stall':
      case 'error':
      case 'overflow':
        return this.#afterFailure(end, target);
      case 'device-lost':
        return this.#endOrReconnect({ ...end, reason: 'device-lost' }, target);
      case 'device-reset':
        return this.#afterReset(end, target);
      case 'submit-failed':
        return this.#endOrReconnect(await classifyFailure(end, target.device), target);
      case 'idle':
        return this.#afterSilence(end, target);
      default:
        return this.#finish(end, target);
    }
  }

  async #afterFailure(end: Outcome, target: OpenEndpoint): Promise<RecoveryDecision<OpenEndpoint>> {
    if (this.#stopped.aborted || this.#countFailure()) {
      return this.#endOrReconnect(await classifyFailure(end, target.device), target);
    }
    try {
      // Clear only a halt: clearing resets the data toggle, which loses a packet after other failures.
      if (end.isHalted) {
        await target.endpoint.clearHalt();
      } else if (this.#failuresInARow > 1) {
        await sleep(PAUSE);
      }
    } catch (error) {
      const isGone = error instanceof UsbError && error.code === 'no-device';
      const reason = isGone ? 'device-lost' : end.reason;
      return this.#endOrReconnect({ ...end, reason, cause: toError(error) }, target);
    }
    this.#record(end, true);
    return { end: undefined, target, isRestarted: false };
  }

  async #afterSilence(end: Outcome, target: OpenEndpoint): Promise<RecoveryDecision<OpenEndpoint>> {
    const { onIdle, onRestart, onGap } = this.#options;
    if (onIdle === undefined || this.#stopped.aborted) {
      return this.#finish(end, target);
    }
    const { restart, attempts } = onIdle;
    if (this.#restartsInARow === attempts) {
      return this.#finish({ ...end, restarts: attempts }, target);
    }
    this.#restartsInARow += 1;
    const gap = this.#statistics.recordRestart(restart);
    if (gap !== undefined) {
      onGap?.(gap, true);
    }
    onRestart?.(restart, this.#restartsInARow);
    this.#statistics.waitingSince = performance.now();
    this.#statistics.restarting = restart;
    try {
      const open = (device: DeviceInfo) => this.#open(device);
      const restarted = await restartDevice(restart, this.#request.backend, target, open);
      return { end: undefined, target: restarted, isRestarted: true };
    } catch (error) {
      const cause = toError(error);
      if (cause instanceof UsbError && cause.code === 'no-device') {
        return this.#endOrReconnect({ ...end, reason: 'device-lost', cause }, target);
      }
      const isOpen = restart === 'clear-halt';
      const failed = { ...end, cause, restarts: this.#restartsInARow };
      return { end: failed, target: isOpen ? target : undefined };
    } finally {
      this.#statistics.waitingSince = undefined;
      this.#statistics.restarting = undefined;
    }
  }

  async #endOrReconnect(
    end: Outcome,
    target: OpenEndpoint,
  ): Promise<RecoveryDecision<OpenEndpoint>> {
    const { reconnect, onReconnect } = this.#options;
    if (reconnect === undefined || this.#stopped.aborted || end.reason !== 'device-lost') {
      return this.#finish(end, target);
    }
    this.#statistics.waitingSince = end.at ?? performance.now();
    this.#recordLoss(end);
    const decision = await this.#openAgain(end, target, reconnect, onReconnect);
    this.#statistics.waitingSince = undefined;
    return decision;
  }

  /** Opens a device again that another process has reset: this handle has lost its claim. */
  async #afterReset(end: Outcome, target: OpenEndpoint): Promise<RecoveryDecision<OpenEndpoint>> {
    const { reconnect } = this.#options;
    const isOver = this.#countFailure() && reconnect === undefined;
    if (isOver || this.#stopped.aborted) {
      return this.#finish(end, target);
    }
    this.#record(end, true);
    return this.#openAgain(end, target, reconnect ?? RESET_TIMEOUT);
  }

  /**
   * Closes the device, waits for it and opens it again.
   *
   * @param onBack called when it is open
   */
  async #openAgain(
    end: Outcome,
    target: OpenEndpoint,
    timeout: number,
    onBack?: () => void,
  ): Promise<RecoveryDecision<OpenEndpoint>> {
    await target.close().catch(() => {}); // a lost device cannot be restored
    try {
      const reopened = await this.#reopen(timeout);
      if (reopened === undefined) {
        return { end, target: undefined };
      }
      onBack?.();
      return { end: undefined, target: reopened, isRestarted: true };
    } catch (error) {
      return { end: reopenFailure(error, end), target: undefined };
    }
  }

  /** Waits for the same device and opens its endpoint; returns undefined after the timeout. */
  async #reopen(timeout: number): Promise<OpenEndpoint | undefined> {
    const { backend, device } = this.#request;
    const back = await waitForDevice(
      backend,
      (candidate) => isSameDevice(device, candidate) && isReady(candidate),
      timeout,
      this.#stopped,
    );
    return back && this.#open(back);
  }

  /** Opens the endpoint of the device, which has just been connected or restarted. */
  #open(back: DeviceInfo): Promise<OpenEndpoint> {
    const { backend, claim, receive } = this.#request;
    const { endpoint, ...place } = this.#request.location;
    checkTimeout(receive, back); // it may be on another bus
    return openWhenReady(async () => {
      const device = await examine(backend, back);
      const location = locateIn(device, { ...place, address: endpoint.address });
      return openEndpoint(backend, device, location, claim);
    }, this.#stopped);
  }

  /** Counts a failure. Returns whether more failed in a row than `keepGoing` allows. */
  #countFailure(): boolean {
    this.#failuresInARow += 1;
    return this.#failuresInARow > (this.#options.keepGoing ?? 0);
  }

  /** Ends the capture. Transfers that were in flight after a failed one may have received more data. */
  #finish(end: Outcome, target: OpenEndpoint): RecoveryDecision<OpenEndpoint> {
    this.#record(end, false);
    return { end, target };
  }

  /** Records a lost device: there is a gap at the end of the output, whether a transfer failed there or not. */
  #recordLoss(end: Outcome): void {
    const { bytesWritten } = this.#statistics;
    const { failures = [] } = end;
    const isRecorded = failures.at(-1)?.offset === bytesWritten;
    const lost = { reason: 'device-lost', offset: bytesWritten } as const;
    this.#record(isRecorded ? end : { ...end, failures: [...failures, lost] }, true);
  }

  #record(end: Outcome, continues: boolean): void {
    const gaps = this.#statistics.recordFailures(end, continues);
    for (const gap of gaps) {
      this.#options.onGap?.(gap, continues);
    }
    if (continues && end.reason === 'stall' && gaps.length === 0) {
      this.#options.onInitialHalt?.();
    }
  }
}

function reopenFailure(error: unknown, { reason }: Outcome): Outcome {
  return error instanceof UsbError ? { reason, cause: error } : internalError(error);
}
