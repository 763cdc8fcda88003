import type { DescriptorBytes, DeviceInfo } from '../../usb/backend.js';
import {
  CONFIGURATION_FIELDS,
  DEVICE_FIELDS,
  ENDPOINT_FIELDS,
  encodeFields,
  INTERFACE_FIELDS,
} from '../../usb/descriptors/fields.js';
import { UsbError } from '../../usb/errors.js';
import { comparePaths, portPath } from '../../usb/format.js';
import { type Configuration, packetSizeOf, transferTypeOf } from '../../usb/model.js';
import { loadNodeUsb, type NativeDevice } from './native/node-usb.js';

/** That of audio has two fields more (USB Audio 1.0 §4.6.1.1), which libusb holds apart. */
const ENDPOINT_LENGTH = 7;

type NativeConfiguration = NativeDevice['allConfigDescriptors'][number];

/**
 * The devices on the bus as libusb knows them, for systems without sysfs. Strings and speed are
 * left out: libusb would have to open the device for them.
 */
export async function listPortable(): Promise<DeviceInfo[]> {
  const usb = await loadNodeUsb();
  return usb
    .getDeviceList()
    .map(describe)
    .sort((a, b) => comparePaths(a.path, b.path));
}

/**
 * The descriptors of a device as libusb knows them, put together again; a BOS descriptor is not
 * known without opening the device.
 *
 * @throws UsbError `no-device`
 */
export async function portableDescriptors(info: DeviceInfo): Promise<DescriptorBytes> {
  const usb = await loadNodeUsb();
  const device = usb
    .getDeviceList()
    .find(
      ({ busNumber, deviceAddress }) => busNumber === info.bus && deviceAddress === info.address,
    );
  if (device === undefined) {
    throw new UsbError('no-device', `the device at ${info.path} is gone`);
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

/** `extra` is what libusb does not know: descriptors of classes, and those of SuperSpeed. */
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
    activeConfiguration: optional(() => device.configDescriptor?.bConfigurationValue),
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
      endpoints: setting.endpoints.map((endpoint) => ({
        address: endpoint.bEndpointAddress,
        type: transferTypeOf(endpoint.bmAttributes),
        maxPacketSize: packetSizeOf(endpoint.wMaxPacketSize),
      })),
    })),
  };
}

/** One unreadable device must not hide the others. */
function optional<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
