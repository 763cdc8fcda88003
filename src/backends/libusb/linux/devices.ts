import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DescriptorBytes } from '../../../usb/backend.js';
import { parseConfigurations } from '../../../usb/descriptors/tree.js';
import { UsbError } from '../../../usb/errors.js';
import { comparePaths } from '../../../usb/format.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { readBytes, readLink, readNames, readNumber, readText } from './attributes.js';

/** The names of devices' folders; those of interfaces have a colon. */
const DEVICE_NAME = /^(usb\d+|\d+-\d+(\.\d+)*)$/;

/** Bytes in a device descriptor (USB 2.0 §9.6.1). */
const DEVICE_DESCRIPTOR = 18;

/**
 * The host controller of USB/IP in the path of its devices (Documentation/usb/usbip_protocol.rst in the
 * kernel): the reply to an unlink, USBIP_RET_UNLINK, has neither data nor a length.
 */
const USBIP_CONTROLLER = /\/vhci_hcd(\.\d+)?\//;

/**
 * Lists the devices on the bus as the kernel knows them. Needs no permissions, opens no device and
 * sends nothing to one.
 *
 * @param devices `SystemFiles.devices`
 * @throws UsbError `no-bus` if the kernel shows no USB at all
 */
export function listDevices(devices: string): DeviceInfo[] {
  return deviceNames(devices)
    .filter((name) => DEVICE_NAME.test(name))
    .sort(comparePaths)
    .map((name) => readDevice(devices, name))
    .filter((device) => device !== undefined);
}

function deviceNames(devices: string): string[] {
  try {
    return readdirSync(devices);
  } catch (cause) {
    const why = existsSync(devices) ? 'cannot be read' : 'is missing';
    throw new UsbError('no-bus', `no USB bus is visible here (${devices} ${why})`, {
      remedy: { kind: 'pass-usb-through' },
      cause,
    });
  }
}

/** Returns whether the device at a path still has the same address. */
export function isPresent(
  { path, address }: Pick<DeviceInfo, 'path' | 'address'>,
  devices: string,
): boolean {
  return readNumber(join(devices, path, 'devnum')) === address;
}

/** Returns undefined for a device that disappeared while it was read. */
function readDevice(devices: string, name: string): DeviceInfo | undefined {
  const file = (attribute: string) => `${devices}/${name}/${attribute}`;
  const bus = Number(/\d+/.exec(name)?.[0] ?? Number.NaN); // the name begins with the bus number
  const address = readNumber(file('devnum'));
  const descriptors = readBytes(file('descriptors'));
  if (
    Number.isNaN(bus) ||
    address === undefined ||
    descriptors === undefined ||
    descriptors.length < DEVICE_DESCRIPTOR
  ) {
    return undefined;
  }
  // A string that the device does not have has the index 0 and no file.
  const string = (offset: number, attribute: string) =>
    descriptors[offset] === 0 ? undefined : readText(file(attribute));
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
    speed: readNumber(file('speed')),
    manufacturer: string(14, 'manufacturer'),
    product: string(15, 'product'),
    serial: string(16, 'serial'),
    configurations: parseConfigurations(descriptors.subarray(DEVICE_DESCRIPTOR)),
    configurationValue: readNumber(file('bConfigurationValue')),
    cancelKeepsData: !USBIP_CONTROLLER.test(readLink(`${devices}/${name}`) ?? ''),
  };
}

/**
 * Reads the kernel's copy of a device's descriptors; newer kernels also have the BOS descriptor.
 *
 * @throws UsbError `no-device`
 */
export function readDescriptors(info: DeviceInfo, devices: string): DescriptorBytes {
  const folder = join(devices, info.path);
  const descriptors = readBytes(join(folder, 'descriptors'));
  if (descriptors === undefined || !isPresent(info, devices)) {
    throw new UsbError('no-device', `the device at ${info.path} is gone`);
  }
  return { descriptors, bos: readBytes(join(folder, 'bos_descriptors')) };
}

/**
 * Returns the names and addresses of the devices on the bus in one text, which changes whenever a
 * device is connected, disconnected or replugged. Costs a tenth of a list and waits for no device:
 * unlike strings and configurations, these need no lock that the kernel holds while it configures a
 * device. Empty on a machine without USB.
 */
export function busFingerprint(devices: string): string {
  return (readNames(devices) ?? [])
    .filter((name) => !name.includes(':')) // with a colon: an interface, not a device
    .map((name) => `${name}@${readText(join(devices, name, 'devnum')) ?? ''}`)
    .join();
}
