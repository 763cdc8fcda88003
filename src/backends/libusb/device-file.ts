import type { DeviceInfo } from '../../usb/backend.js';
import { systemFiles } from './system-files.js';

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
