import type { DescriptorBytes } from '../../usb/backend.js';
import {
  CONFIGURATION_FIELDS,
  DEVICE_FIELDS,
  ENDPOINT_FIELDS,
  encodeFields,
  INTERFACE_FIELDS,
} from '../../usb/descriptors/fields.js';
import { UsbError } from '../../usb/errors.js';
import { comparePaths, portPath } from '../../usb/format.js';
import { type Configuration, type DeviceInfo, endpointDescriptor } from '../../usb/model.js';
import { operationError } from './native/errors.js';
import { findNative, loadNodeUsb, type NativeDevice, type NodeUsb } from './native/node-usb.js';
import type { Platform } from './platform.js';

/**
 * Bytes in an endpoint descriptor. Audio endpoints have two more (USB Audio 1.0 §4.6.1.1), which
 * libusb parses separately; they are left out.
 */
const ENDPOINT_LENGTH = 7;

type NativeConfiguration = NativeDevice['allConfigDescriptors'][number];

/**
 * Creates the platform for systems where only libusb knows the devices: macOS and Windows.
 *
 * @param load another way to load node-usb, for tests
 */
export function portablePlatform(load = loadNodeUsb): Platform {
  return {
    list: async () => listPortable(await load()),
    fingerprint: undefined,
    descriptors: async (info) => portableDescriptors(info, await load()),
    // Compares objects: another device may have the same address by now.
    loss: async (_, native) =>
      (await load()).getDeviceList().includes(native) ? undefined : 'disconnected',
    inspect: async () => ({ accessible: undefined, node: undefined, interfaces: [] }),
    driverOf: () => undefined,
    bindingOf: () => undefined,
    checkUnused: async () => {},
    transferMemory: async () => undefined,
    async diagnose() {
      const { checkLibusb } = await import('./doctor/system.js');
      return [await checkLibusb()];
    },

    checkBeforeOpen() {},
    presenceOf: () => 'gone',
    unlistedError: gone,
    openError: (info, cause) => operationError(`cannot open the device at ${info.path}`, cause),
    claimError: (_, number, cause) => operationError(`cannot claim interface ${number}`, cause),
    controlError: (_, _request, _own, cause) =>
      operationError('cannot send the control request', cause),
  };
}

/**
 * Lists the devices on the bus as libusb knows them. Leaves out strings and speed: libusb would have
 * to open the device for them.
 */
function listPortable(usb: Pick<NodeUsb, 'getDeviceList'>): DeviceInfo[] {
  return usb
    .getDeviceList()
    .map(describe)
    .sort((a, b) => comparePaths(a.path, b.path));
}

/**
 * Reassembles the descriptors of a device from what libusb knows. Without opening the device, these
 * are all but the BOS descriptor.
 *
 * @throws UsbError `no-device`
 */
function portableDescriptors(
  info: DeviceInfo,
  usb: Pick<NodeUsb, 'getDeviceList'>,
): DescriptorBytes {
  const device = findNative(usb, info);
  if (device === undefined) {
    throw gone(info);
  }
  const configurations = optional(() => device.allConfigDescriptors) ?? [];
  return {
    descriptors: Buffer.concat([
      encodeFields(DEVICE_FIELDS, device.deviceDescriptor),
      ...configurations.map(configurationBytes),
    ]),
    bos: undefined,
  };
}

function gone({ path }: DeviceInfo): UsbError {
  return new UsbError('no-device', `the device at ${path} is gone`);
}

/**
 * Encodes a configuration. `extra` has what libusb does not parse: class and SuperSpeed descriptors.
 */
function configurationBytes(native: NativeConfiguration): Uint8Array {
  return Buffer.concat([
    encodeFields(CONFIGURATION_FIELDS, native),
    native.extra,
    ...native.interfaces
      .flat()
      .flatMap((setting) => [
        encodeFields(INTERFACE_FIELDS, setting),
        setting.extra,
        ...setting.endpoints.flatMap((endpoint) => [
          encodeFields(ENDPOINT_FIELDS, { ...endpoint, bLength: ENDPOINT_LENGTH }),
          endpoint.extra,
        ]),
      ]),
  ]);
}

function describe(device: NativeDevice): DeviceInfo {
  const { busNumber, deviceAddress, deviceDescriptor } = device;
  return {
    path: portPath(busNumber, device.portNumbers ?? []),
    bus: busNumber,
    address: deviceAddress,
    vid: deviceDescriptor.idVendor,
    pid: deviceDescriptor.idProduct,
    usbVersion: deviceDescriptor.bcdUSB,
    deviceClass: deviceDescriptor.bDeviceClass,
    deviceSubClass: deviceDescriptor.bDeviceSubClass,
    deviceProtocol: deviceDescriptor.bDeviceProtocol,
    speed: undefined,
    manufacturer: undefined,
    product: undefined,
    serial: undefined,
    configurations: optional(() => device.allConfigDescriptors.map(configuration)) ?? [],
    configurationValue: optional(() => device.configDescriptor?.bConfigurationValue),
    cancelKeepsData: true,
  };
}

function configuration(native: NativeConfiguration): Configuration {
  return {
    value: native.bConfigurationValue,
    settings: native.interfaces.flat().map((setting) => ({
      interfaceNumber: setting.bInterfaceNumber,
      alternateSetting: setting.bAlternateSetting,
      interfaceClass: setting.bInterfaceClass,
      interfaceSubClass: setting.bInterfaceSubClass,
      interfaceProtocol: setting.bInterfaceProtocol,
      endpoints: setting.endpoints.map(({ bEndpointAddress, bmAttributes, wMaxPacketSize }) =>
        endpointDescriptor(bEndpointAddress, bmAttributes, wMaxPacketSize),
      ),
    })),
  };
}

/** Returns undefined if libusb throws: one unreadable device must not hide the others. */
function optional<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
