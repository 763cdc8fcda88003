import type { DeviceInfo } from '../../usb/backend.js';
import { type Configuration, packetSizeOf, transferTypeOf } from '../../usb/descriptors.js';
import { comparePaths, portPath } from '../../usb/port-path.js';
import { loadNodeUsb, type NativeDevice } from './node-usb.js';

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

function describe(device: NativeDevice): DeviceInfo {
  const { busNumber, deviceAddress, deviceDescriptor } = device;
  return {
    path: portPath(busNumber, device.portNumbers ?? []),
    bus: busNumber,
    address: deviceAddress,
    vid: deviceDescriptor.idVendor,
    pid: deviceDescriptor.idProduct,
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
