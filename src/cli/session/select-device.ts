import { waitForDevice } from '../../engine/device/presence.js';
import type { Backend } from '../../usb/backend.js';
import type { DeviceInfo } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import { type FilterOptions, filterDevices, selectDevice } from '../options/device.js';
import type { Notices } from '../progress/notices.js';
import type { ShutdownController } from './shutdown.js';

/** Which device, and how long to wait for it in milliseconds, if at all. */
export interface ChoiceOptions extends FilterOptions {
  readonly wait?: number;
}

/**
 * The one device that is meant, waited for if asked to.
 *
 * @throws CliError when there is none in time, more than one, or a signal came first
 */
export async function chooseDevice(
  backend: Backend,
  options: ChoiceOptions,
  interruption: ShutdownController,
  notices: Notices,
): Promise<DeviceInfo> {
  const devices = await backend.list();
  if (options.wait === undefined || devices.some((device) => isMeant(device, options))) {
    return selectDevice(devices, options);
  }
  notices.waiting();
  const { signal } = interruption;
  await waitForDevice(backend, (device) => isMeant(device, options), options.wait, signal);
  const { received } = interruption;
  if (received !== undefined) {
    const message = `${received} while waiting for the device`;
    throw new CliError('interrupted', message, { signal: received });
  }
  return selectDevice(await backend.list(), options);
}

/** A device that has just been plugged in has no interfaces until the kernel has configured it. */
function isMeant(device: DeviceInfo, options: FilterOptions): boolean {
  return device.configurationValue !== undefined && filterDevices([device], options).length > 0;
}
