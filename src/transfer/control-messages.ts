import type { Device } from '../usb/backend.js';
import type { ControlMessage } from '../usb/control-request.js';
import { toError } from '../usb/to-error.js';
import type { End } from './end.js';

/** How long the device may take for one of them, in milliseconds. */
const TIMEOUT = 5000;

/** Control requests around a stream: many devices start and stop theirs that way. */
export interface ControlMessages {
  /** Sent when the interface is claimed and the pool submitted, and again to a device that is back. */
  readonly before?: readonly ControlMessage[] | undefined;
  /** Sent when all is drained, before the interface is released, however the stream ended. */
  readonly after?: readonly ControlMessage[] | undefined;
}

/**
 * Sends one after the other, and awaits its answer, which nobody gets to see.
 *
 * @returns the end that the first one is that failed, with which the others are not sent
 */
export async function sendMessages(
  device: Device,
  messages: readonly ControlMessage[] = [],
): Promise<End | undefined> {
  for (const { request, data } of messages) {
    try {
      await device.control(request, data, TIMEOUT);
    } catch (error) {
      return { reason: 'request-failed', cause: toError(error) };
    }
  }
  return undefined;
}
