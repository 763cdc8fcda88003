import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescriptorBytes, DeviceInfo } from '../../../usb/backend.js';
import { parseConfigurations } from '../../../usb/descriptors/tree.js';
import { UsbError } from '../../../usb/errors.js';
import { comparePaths } from '../../../usb/format.js';
import { systemFiles } from './paths.js';

/** Where Linux shows its USB devices. */
export const SYSFS_DEVICES = systemFiles().devices;

/** How the kernel names the folder of a device; those of interfaces have a colon. */
const DEVICE_NAME = /^(usb\d+|\d+-\d+(\.\d+)*)$/;

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
  return namesIn(root)
    .filter((name) => DEVICE_NAME.test(name))
    .sort(comparePaths)
    .map((name) => readDevice(root, name))
    .filter((device) => device !== undefined);
}

function namesIn(root: string): string[] {
  try {
    return readdirSync(root);
  } catch (cause) {
    const why = existsSync(root) ? 'cannot be read' : 'is missing';
    throw new UsbError('no-bus', `no USB bus is visible here (${root} ${why})`, {
      remedy: { kind: 'pass-usb-through' },
      cause,
    });
  }
}

/** Whether the device at that path is still the one that had that address. */
export function isPresent(path: string, address: number, root = SYSFS_DEVICES): boolean {
  return readNumber(join(root, path), 'devnum') === address;
}

/** Undefined for a device that went away while it was read. */
function readDevice(root: string, name: string): DeviceInfo | undefined {
  const folder = join(root, name);
  const bus = Number(/\d+/.exec(name)?.[0] ?? Number.NaN); // as the kernel makes the name
  const address = readNumber(folder, 'devnum');
  const descriptors = readBytes(folder, 'descriptors');
  if (
    Number.isNaN(bus) ||
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
    usbVersion: descriptors.readUInt16LE(2),
    deviceClass: descriptors.readUInt8(4),
    deviceSubClass: descriptors.readUInt8(5),
    deviceProtocol: descriptors.readUInt8(6),
    speed: readNumber(folder, 'speed'),
    // There is no file for a string that the device does not have: its index is 0.
    manufacturer: descriptors[14] === 0 ? undefined : readText(folder, 'manufacturer'),
    product: descriptors[15] === 0 ? undefined : readText(folder, 'product'),
    serial: descriptors[16] === 0 ? undefined : readText(folder, 'serial'),
    configurations: parseConfigurations(descriptors.subarray(DEVICE_DESCRIPTOR)),
    activeConfiguration: readNumber(folder, 'bConfigurationValue'),
  };
}

function readBytes(folder: string, attribute: string): Buffer | undefined {
  try {
    return readFileSync(`${folder}/${attribute}`);
  } catch {
    return undefined; // the device has no such attribute, or is gone
  }
}

function readText(folder: string, attribute: string): string | undefined {
  try {
    return readFileSync(`${folder}/${attribute}`, 'utf8').replace(/\n$/, '');
  } catch {
    return undefined;
  }
}

function readNumber(folder: string, attribute: string): number | undefined {
  const text = readText(folder, attribute)?.trim();
  const number = text ? Number(text) : Number.NaN; // an unconfigured device has an empty value
  return Number.isFinite(number) ? number : undefined;
}

/**
 * The kernel's own copy of a device's descriptors; newer kernels have the BOS descriptor as well.
 *
 * @param root another folder of the form of /sys/bus/usb/devices, for tests
 * @throws UsbError `no-device`
 */
export function readDescriptors({ path, address }: DeviceInfo, root?: string): DescriptorBytes {
  const folder = join(root ?? SYSFS_DEVICES, path);
  const descriptors = readBytes(folder, 'descriptors');
  if (descriptors === undefined || !isPresent(path, address, root)) {
    throw new UsbError('no-device', `the device at ${path} is gone`);
  }
  return { descriptors, bos: readBytes(folder, 'bos_descriptors') };
}

/**
 * The names and addresses of the devices on the bus, in one text: it changes whenever one comes, goes
 * or is replugged. A tenth of the cost of a list, and it waits for no device: the kernel reads strings
 * and configurations under a lock that it holds while it configures one. Empty without any USB.
 *
 * @param root a folder of the form of /sys/bus/usb/devices
 */
export function busFingerprint(root: string): string {
  return namesOrNone(root)
    .filter((name) => !name.includes(':')) // with a colon: an interface, not a device
    .map((name) => `${name}@${addressOf(join(root, name))}`)
    .join();
}

function namesOrNone(root: string): string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

/** Empty for a device that is going away. */
function addressOf(folder: string): string {
  try {
    return readFileSync(join(folder, 'devnum'), 'latin1').trim();
  } catch {
    return '';
  }
}
