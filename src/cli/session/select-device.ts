import { waitForDevice } from '../../engine/device/presence.js';
import type { Backend } from '../../usb/backend.js';
import type { DeviceInfo } from '../../usb/model.js';
import { type FilterOptions, filterDevices, selectDevice } from '../options/device.js';
import type { Notices } from '../progress/notices.js';
import { type Interruption, throwIfInterrupted } from './shutdown.js';

/** The options that select one device. */
export interface ChoiceOptions extends FilterOptions {
  /** How long to wait for the device, in milliseconds; undefined for not at all. */
  readonly wait?: number | undefined;
}

/**
 * Returns the selected device. Waits for it if the options say so.
 *
 * @throws CliError if there is none in time, if there is more than one, or at a signal
 */
export async function chooseDevice(
  backend: Backend,
  options: ChoiceOptions,
  shutdown: Interruption,
  notices: Pick<Notices, 'waiting'>,
): Promise<DeviceInfo> {
  const { wait } = options;
  const isReady = (device: DeviceInfo) => isSelected(device, options);
  const devices = await backend.list();
  if (wait === undefined || devices.some(isReady)) {
    return selectDevice(devices, options);
  }
  notices.waiting();
  await waitForDevice(backend, isReady, wait, shutdown.signal);
  throwIfInterrupted(shutdown, 'waiting for the device');
  return selectDevice(await backend.list(), options);
}

/** A new device has no interfaces until the kernel has configured it. */
function isSelected(device: DeviceInfo, options: FilterOptions): boolean {
  return device.configurationValue !== undefined && filterDevices([device], options).length > 0;
}
