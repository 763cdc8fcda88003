import { readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DeviceInfo } from '../../usb/backend.js';
import { SYSFS_DEVICES } from './sysfs.js';

/** What stands for a driver while a process, this or another, has claimed the interface. */
export const USBFS = 'usbfs';

/**
 * The kernel driver of an interface of the active configuration; undefined when it has none, and
 * where there is no sysfs.
 *
 * @param root another folder of the form of /sys/bus/usb/devices, for tests
 */
export function driverOf(
  device: Pick<DeviceInfo, 'path' | 'activeConfiguration'>,
  interfaceNumber: number,
  root = SYSFS_DEVICES,
): string | undefined {
  try {
    const folder = join(root, interfaceFolder(device, interfaceNumber));
    return basename(readlinkSync(join(folder, 'driver')));
  } catch {
    return undefined;
  }
}

/** The name of an interface's folder in sysfs, `3-1.2:1.0`; a root hub, `usb3`, is `3-0` there. */
export function interfaceFolder(
  { path, activeConfiguration }: Pick<DeviceInfo, 'path' | 'activeConfiguration'>,
  interfaceNumber: number,
): string {
  const device = path.replace(/^usb(\d+)$/, '$1-0');
  return `${device}:${activeConfiguration}.${interfaceNumber}`;
}
