import type { Device } from '../../usb/backend.js';
import type { ControlTransfer } from '../../usb/control.js';
import { toError, UsbError } from '../../usb/errors.js';
import { disconnectsSoon } from '../device/presence.js';
import { mostSevere, type Outcome } from './outcome.js';

/** How long the device may take for one of them, in milliseconds. */
const TIMEOUT = 5000;

/** Control requests around a stream: many devices start and stop theirs that way. */
export interface StreamHooks {
  /**
   * Sent when the interface is claimed: when transfers wait for what the device sends, and before it
   * is sent any data. Again to a device that is back.
   */
  readonly before?: readonly ControlTransfer[] | undefined;
  /** Sent when all is drained, before the interface is released, however the stream ended. */
  readonly after?: readonly ControlTransfer[] | undefined;
}

/**
 * Sends one after the other, and awaits its answer, which nobody gets to see.
 *
 * @param stopped once aborted, no more of them are sent
 * @returns the end that the first one is that failed, with which the others are not sent
 */
export async function sendRequests(
  device: Device,
  messages: readonly ControlTransfer[] = [],
  stopped?: AbortSignal,
): Promise<Outcome | undefined> {
  for (const { request, data } of messages) {
    if (stopped?.aborted) {
      break;
    }
    try {
      await device.control(request, data, TIMEOUT);
    } catch (error) {
      const cause = toError(error);
      return (await isLoss(error, device))
        ? { reason: 'device-lost', cause }
        : { reason: 'request-failed', cause, request };
    }
  }
  return undefined;
}

/** Whether a request failed as the device was unplugged. */
async function isLoss(error: unknown, device: Device): Promise<boolean> {
  const code = error instanceof UsbError ? error.code : undefined;
  return code === 'no-device' || (code === 'io' && (await disconnectsSoon(device)));
}

/**
 * Runs a stream, and sends the device what starts it as soon as it runs.
 *
 * @param stopped aborted when the stream is to end: what is not sent by then need not be
 * @param run runs it: the pool is submitted when this returns
 * @param stop ends it when a message failed
 */
export async function runWithHooks(
  device: Device,
  messages: readonly ControlTransfer[] | undefined,
  stopped: AbortSignal,
  run: () => Promise<Outcome>,
  stop: (end: Outcome) => void,
): Promise<Outcome> {
  const start = async (): Promise<Outcome | undefined> => {
    const failure = await sendRequests(device, messages, stopped);
    if (failure !== undefined) {
      stop(failure);
    }
    return failure;
  };
  const [end, failure] = await Promise.all([run(), start()]);
  return mostSevere(end, failure);
}
