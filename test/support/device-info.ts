import type { AlternateSetting, DeviceInfo, EndpointDescriptor } from '../../src/usb/model.js';

/** Returns a device for tests, with defaults for the other fields. */
export function deviceInfo(overrides: Partial<DeviceInfo> = {}): DeviceInfo {
  return {
    path: '1-1',
    bus: 1,
    address: 2,
    vid: 0x1234,
    pid: 0x5678,
    usbVersion: 0x0200,
    deviceClass: 0,
    deviceSubClass: 0,
    deviceProtocol: 0,
    speed: 480,
    manufacturer: 'maker',
    product: 'thing',
    serial: '0001',
    configurations: [],
    configurationValue: 1,
    cancelKeepsData: true,
    ...overrides,
  };
}

/** Returns an alternate setting with bulk endpoints at the given addresses, or with the given endpoints. */
export function setting(
  interfaceNumber: number,
  alternateSetting: number,
  ...endpoints: (number | EndpointDescriptor)[]
): AlternateSetting {
  return {
    interfaceNumber,
    alternateSetting,
    interfaceClass: 0xff,
    interfaceSubClass: 0,
    interfaceProtocol: 0,
    endpoints: endpoints.map((endpoint) =>
      typeof endpoint === 'number'
        ? { address: endpoint, type: 'bulk', maxPacketSize: 512 }
        : endpoint,
    ),
  };
}

/** Returns a device whose only configuration has these settings. */
export function deviceWith(...settings: AlternateSetting[]): DeviceInfo {
  return deviceInfo({ configurations: [{ value: 1, settings }] });
}
