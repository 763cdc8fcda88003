import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceInfo } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { parseConfigurations } from '../../usb/parse-descriptors.js';
import { comparePaths } from '../../usb/port-path.js';

/** Where Linux shows its USB devices (Documentation/ABI/testing/sysfs-bus-usb). */
export const SYSFS_DEVICES = '/sys/bus/usb/devices';

/** Bytes in a device descriptor (USB 2.0 §9.6.1). */
const DEVICE_DESCRIPTOR = 18;

/**
 * The devices on the bus as the kernel knows them. Needs no rights, opens no device and sends it
 * nothing.
 *
 * @param root another folder of the same form, for tests
 * @throws UsbError `no-bus` when the kernel shows no USB at all
 */
export function listSysfs(root = SYSFS_DEVICES): DeviceInfo[] {
  if (!existsSync(root)) {
    throw new UsbError('no-bus', `no USB bus is visible here (${root} is missing)`);
  }
  return readdirSync(root)
    .filter((name) => !name.includes(':')) // with a colon: an interface, not a device
    .map((name) => readDevice(root, name))
    .filter((device) => device !== undefined)
    .sort((a, b) => comparePaths(a.path, b.path));
}

/** Whether the device at that path is still the one that had that address. */
export function isPresent(path: string, address: number, root = SYSFS_DEVICES): boolean {
  return readNumber(join(root, path), 'devnum') === address;
}

/** Undefined for a device that went away while it was read. */
function readDevice(root: string, name: string): DeviceInfo | undefined {
  const folder = join(root, name);
  const bus = readNumber(folder, 'busnum');
  const address = readNumber(folder, 'devnum');
  const descriptors = readBytes(folder, 'descriptors');
  if (
    bus === undefined ||
    address === undefined ||
    descriptors === undefined ||
    descriptors.length < DEVICE_DESCRIPTOR
  ) {
    return undefined;
  }
  return {
    path: name,
    bus,
    address,
    vid: descriptors.readUInt16LE(8),
    pid: descriptors.readUInt16LE(10),
    speed: readNumber(folder, 'speed'),
    manufacturer: readText(folder, 'manufacturer'),
    product: readText(folder, 'product'),
    serial: readText(folder, 'serial'),
    configurations: parseConfigurations(descriptors.subarray(DEVICE_DESCRIPTOR)),
    activeConfiguration: readNumber(folder, 'bConfigurationValue'),
  };
}

function readBytes(folder: string, attribute: string): Buffer | undefined {
  try {
    return readFileSync(join(folder, attribute));
  } catch {
    return undefined; // the device has no such attribute, or is gone
  }
}

function readText(folder: string, attribute: string): string | undefined {
  return readBytes(folder, attribute)?.toString('utf8').replace(/\n$/, '');
}

function readNumber(folder: string, attribute: string): number | undefined {
  const text = readText(folder, attribute)?.trim();
  const number = text ? Number(text) : Number.NaN; // an unconfigured device has an empty value
  return Number.isFinite(number) ? number : undefined;
}
