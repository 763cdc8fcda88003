import { accessSync, constants, existsSync } from 'node:fs';
import type { DeviceInfo } from '../../usb/backend.js';
import type { DeviceState } from '../../usb/device-state.js';
import { DEVICE_FILES, deviceFile } from './device-file.js';
import { driverOf } from './kernel-driver.js';
import { SYSFS_DEVICES } from './sysfs.js';

/** Where to look: other folders of the same forms, for tests. */
export interface Roots {
  readonly devices?: string;
  readonly files?: string;
}

/** The state of a device as sysfs and the device files show it. Opens nothing. */
export function inspect(
  device: DeviceInfo,
  { devices = SYSFS_DEVICES, files = DEVICE_FILES }: Roots = {},
): DeviceState {
  const node = deviceFile(device, files);
  const settings =
    device.configurations.find(({ value }) => value === device.activeConfiguration)?.settings ?? [];
  const numbers = new Set(settings.map(({ interfaceNumber }) => interfaceNumber));
  return {
    accessible: isWritable(node),
    node: existsSync(node) ? node : undefined,
    interfaces: [...numbers]
      .map((interfaceNumber) => ({
        interfaceNumber,
        driver: driverOf(device, interfaceNumber, devices),
        nodes: [],
      }))
      .filter(({ driver }) => driver !== undefined),
  };
}

/** access(2), which opens nothing. */
function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
