import { join } from 'node:path';
import type { DeviceInfo } from '../../../usb/model.js';

/** The folders and files in which Linux shows its USB devices. */
export interface SystemFiles {
  /** `/` */
  readonly root: string;
  /** `/sys/bus/usb/devices` (Documentation/ABI/testing/sysfs-bus-usb) */
  readonly devices: string;
  /** `/dev/bus/usb`, with the files through which devices are opened. */
  readonly files: string;
  /** The file with the limit, in MiB, of the transfer memory of all programs combined; 0: no limit. */
  readonly usbfsMemory: string;
  readonly etc: string;
  readonly proc: string;
  readonly run: string;
}

/** Returns the paths below `root`; by default, those of this system. */
export function systemFiles(root = '/'): SystemFiles {
  return {
    root,
    devices: join(root, 'sys/bus/usb/devices'),
    files: join(root, 'dev/bus/usb'),
    usbfsMemory: join(root, 'sys/module/usbcore/parameters/usbfs_memory_mb'),
    etc: join(root, 'etc'),
    proc: join(root, 'proc'),
    run: join(root, 'run'),
  };
}

/** Returns the file of a device, by bus and address: `/dev/bus/usb/002/003`. */
export function deviceFile(
  { bus, address }: Pick<DeviceInfo, 'bus' | 'address'>,
  { files }: Pick<SystemFiles, 'files'>,
): string {
  const digits = (number: number) => String(number).padStart(3, '0');
  return `${files}/${digits(bus)}/${digits(address)}`;
}

/** Returns the name of an interface in sysfs, `3-1.2:1.0`; a root hub, `usb3`, is `3-0` there. */
export function interfaceName(
  { path, configurationValue }: Pick<DeviceInfo, 'path' | 'configurationValue'>,
  interfaceNumber: number,
): string {
  const device = path.replace(/^usb(\d+)$/, '$1-0');
  return `${device}:${configurationValue}.${interfaceNumber}`;
}
