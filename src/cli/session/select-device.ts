import { examine, isReady, NewDevices, waitForDevice } from '../../engine/device/presence.js';
import type { Backend } from '../../usb/backend.js';
import type { DeviceInfo } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import { type FilterOptions, filterDevices, selectDevice } from '../options/device.js';
import type { Notices } from '../progress/notices.js';
import { type Interruption, throwIfInterrupted } from './shutdown.js';

/** The options that select one device. */
export interface ChoiceOptions extends FilterOptions {
  /** How long to wait for the device, in milliseconds; undefined for not at all. */
  readonly wait?: number | undefined;
  /** The same for a device that is connected after the start. */
  readonly waitNew?: number | undefined;
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
  notices: Pick<Notices, 'waiting' | 'waitingForNew'>,
): Promise<DeviceInfo> {
  return examine(backend, await chooseListed(backend, options, shutdown, notices));
}

async function chooseListed(
  backend: Backend,
  options: ChoiceOptions,
  shutdown: Interruption,
  notices: Pick<Notices, 'waiting' | 'waitingForNew'>,
): Promise<DeviceInfo> {
  const { wait, waitNew } = options;
  const isWanted = (device: DeviceInfo) => isSelected(device, options);
  const devices = await backend.list();
  if (waitNew !== undefined) {
    const since = new NewDevices(devices);
    notices.waitingForNew();
    const found = await waitForDevice(backend, isWanted, waitNew, shutdown.signal, since);
    throwIfInterrupted(shutdown, 'waiting for the device');
    if (found === undefined) {
      throw new CliError('no-such-device', 'no such device was connected after the start', {
        advice: 'start usbxfer before the device restarts; --wait takes a device that is connected',
      });
    }
    return selectDevice(since.among(await backend.list()), options, backend);
  }
  if (wait === undefined || devices.some(isWanted)) {
    return selectDevice(devices, options, backend);
  }
  notices.waiting();
  await waitForDevice(backend, isWanted, wait, shutdown.signal);
  throwIfInterrupted(shutdown, 'waiting for the device');
  return selectDevice(await backend.list(), options, backend);
}

/** A new device has no interfaces until the kernel has configured it. */
function isSelected(device: DeviceInfo, options: FilterOptions): boolean {
  return isReady(device) && filterDevices([device], options).length > 0;
}
