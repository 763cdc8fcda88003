import { type OpenDevice, openRecipient, openWhenReady } from '../../../engine/device/open.js';
import type { Backend, Device } from '../../../usb/backend.js';
import { type ControlTransfer, directionOfRequest, hostRequestOf } from '../../../usb/control.js';
import { UsbError } from '../../../usb/errors.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { CliError } from '../../errors/cli-error.js';
import { type Interruption, interruptedBy } from '../../session/shutdown.js';
import { countOf } from '../../terminal/format.js';
import type { ControlOptions } from './control.js';

/**
 * Opens the recipients of requests. With `--wait` or `--wait-new`, retries until the device is ready.
 *
 * @throws UsbError
 */
export async function openFor(
  transfers: readonly ControlTransfer[],
  backend: Backend,
  device: DeviceInfo,
  { configuration, detach, wait, waitNew }: ControlOptions,
  signal: AbortSignal,
): Promise<OpenDevice> {
  const requests = transfers.map(({ request }) => request);
  const claim = { detachDriver: detach };
  const once = () => openRecipient(backend, device, requests, claim, configuration);
  return wait === undefined && waitNew === undefined ? once() : openWhenReady(once, signal);
}

/**
 * Sends a request and waits for the response. A signal cancels it. SET_CONFIGURATION may need to detach
 * drivers, and stays in effect after the end.
 *
 * @returns the number of bytes transferred
 * @throws CliError if it fails, or at a signal
 */
export async function exchange(
  device: Device,
  { request, data }: ControlTransfer,
  { timeout, detach }: ControlOptions,
  shutdown: Interruption,
): Promise<number> {
  try {
    const change = hostRequestOf(request);
    if (change?.kind === 'set-configuration') {
      const options = { detachDriver: detach, isPermanent: true };
      await device.selectConfiguration(change.value, options);
      return 0;
    }
    const length = await device.control(request, data, timeout, shutdown.signal);
    if (directionOfRequest(request) === 'out' && length < data.length) {
      const accepted = `${length} of ${countOf(data.length, 'byte')}`;
      throw new CliError('request-failed', `the device accepted only ${accepted}`);
    }
    return length;
  } catch (error) {
    throw shutdown.signal.reason === error
      ? interruptedBy(shutdown, 'waiting for the response', error)
      : requestFailure(error, timeout);
  }
}

/**
 * Turns a failure of the request itself into a CliError. Returns any other, such as `no-memory`,
 * unchanged.
 *
 * @param timeout that of the request, in milliseconds
 */
function requestFailure(cause: unknown, timeout: number): unknown {
  if (!(cause instanceof UsbError)) {
    return cause;
  }
  switch (cause.code) {
    case 'stall':
      return new CliError(
        'request-stalled',
        'the device does not support this request, or not in its current state',
        { cause },
      );
    case 'timed-out':
      return new CliError(
        'request-timed-out',
        `the device did not respond to the request within ${timeout / 1000} s`,
        { advice: 'wait longer with --timeout', cause },
      );
    case 'no-device':
      return new CliError('device-lost', 'the device was unplugged during the request', { cause });
    case 'io':
    case 'other':
      return new CliError('request-failed', `the request failed: ${cause.message}`, { cause });
    default:
      return cause;
  }
}
