import type { Backend } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import type { DeviceInfo } from '../../usb/model.js';
import type { OpenEndpoint } from './open.js';
import { isSameDevice } from './presence.js';
import { resetDevice } from './reset.js';

/**
 * The ways to make a silent device send again:
 *
 * - `reset`: reset its port, and open it again;
 * - `clear-halt`: clear the halt of the endpoint, and reset its data toggle;
 * - `reopen`: close it, which selects alternate setting 0 and reattaches a kernel driver, and open it
 *   again.
 */
export const RESTARTS = ['reset', 'clear-halt', 'reopen'] as const;

export type Restart = (typeof RESTARTS)[number];

/** How long a device may take to be back after a reset, in milliseconds. */
const RESET_TIMEOUT = 5000;

/**
 * Restarts a device with no transfer in flight.
 *
 * @param target closed by any restart but `clear-halt`, even if that fails
 * @param open opens the same device again
 * @throws UsbError `no-device` if the device does not come back; as `Endpoint.clearHalt`,
 *   `Device.reset`, `OpenDevice.close` and `open`
 */
export async function restartDevice(
  restart: Restart,
  backend: Backend,
  target: OpenEndpoint,
  open: (device: DeviceInfo) => Promise<OpenEndpoint>,
): Promise<OpenEndpoint> {
  if (restart === 'clear-halt') {
    await target.endpoint.clearHalt();
    return target;
  }
  const { info } = target.device;
  await target.close();
  // The device may have another configuration than while it was open.
  const { now } =
    restart === 'reset'
      ? await resetDevice(backend, info, RESET_TIMEOUT)
      : { now: (await backend.list()).find((device) => isSameDevice(info, device)) };
  if (now === undefined || !isSameDevice(info, now)) {
    throw new UsbError('no-device', 'the device did not come back');
  }
  return open(now);
}
