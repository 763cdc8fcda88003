import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeviceLoss } from '../../../usb/backend.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { readText } from './attributes.js';
import { isPresent } from './devices.js';
import type { SystemFiles } from './paths.js';

/**
 * Returns why an open device cannot be used any more, from sysfs: see `Device.loss`.
 *
 * Reads the configuration only if a claim is lost or nothing is claimed: the kernel locks it while it
 * resets or configures the device, and that read must not block the event loop.
 *
 * @param isClaimLost whether the binding of a claimed interface has changed; undefined if none is claimed
 */
export async function lossOf(
  info: DeviceInfo,
  isClaimLost: boolean | undefined,
  { devices }: Pick<SystemFiles, 'devices'>,
): Promise<DeviceLoss | undefined> {
  if (!isPresent(info, devices)) {
    return 'disconnected';
  }
  const folder = join(devices, info.path);
  if (readText(join(folder, 'authorized')) === '0') {
    return 'deauthorized';
  }
  if (isClaimLost === false) {
    return undefined;
  }
  const value = await readFile(join(folder, 'bConfigurationValue'), 'utf8').catch(() => undefined);
  if (!isPresent(info, devices)) {
    return 'disconnected'; // while the configuration was read
  }
  if (Number(value?.trim() || Number.NaN) !== (info.configurationValue ?? Number.NaN)) {
    return 'deconfigured';
  }
  return isClaimLost ? 'reset' : undefined;
}
