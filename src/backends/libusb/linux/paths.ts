import { join } from 'node:path';
import type { DeviceInfo } from '../../../usb/backend.js';

/** The folders in which a system is looked at. */
export interface SystemFiles {
  /** As /. */
  readonly root: string;
  /** As /sys/bus/usb/devices, where Linux shows its USB devices (Documentation/ABI/testing/sysfs-bus-usb). */
  readonly devices: string;
  /** As /dev/bus/usb, where it has the files through which they are opened. */
  readonly files: string;
  readonly etc: string;
  readonly proc: string;
  readonly run: string;
}

/** The folders of a system whose files are all below `root`: of this one by default. */
export function systemFiles(root = '/'): SystemFiles {
  return {
    root,
    devices: join(root, 'sys/bus/usb/devices'),
    files: join(root, 'dev/bus/usb'),
    etc: join(root, 'etc'),
    proc: join(root, 'proc'),
    run: join(root, 'run'),
  };
}

/** Where Linux has the files through which devices are opened. */
export const DEVICE_FILES = systemFiles().files;

/** The file of a device: `/dev/bus/usb/002/003`, by bus and address. */
export function deviceFile(
  { bus, address }: Pick<DeviceInfo, 'bus' | 'address'>,
  root = DEVICE_FILES,
): string {
  const digits = (number: number) => String(number).padStart(3, '0');
  return `${root}/${digits(bus)}/${digits(address)}`;
}
