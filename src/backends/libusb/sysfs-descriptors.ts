import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescriptorBytes, DeviceInfo } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { isPresent, SYSFS_DEVICES } from './sysfs.js';

/**
 * The kernel's own copy of a device's descriptors; newer kernels have the BOS descriptor as well.
 *
 * @param root another folder of the form of /sys/bus/usb/devices, for tests
 * @throws UsbError `no-device`
 */
export function readDescriptors({ path, address }: DeviceInfo, root?: string): DescriptorBytes {
  const folder = join(root ?? SYSFS_DEVICES, path);
  const descriptors = readBytes(join(folder, 'descriptors'));
  if (descriptors === undefined || !isPresent(path, address, root)) {
    throw new UsbError('no-device', `the device at ${path} is gone`);
  }
  return { descriptors, bos: readBytes(join(folder, 'bos_descriptors')) };
}

function readBytes(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
