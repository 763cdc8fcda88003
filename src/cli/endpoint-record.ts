import type { DeviceInfo } from '../usb/backend.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';
import { endpointName, hex4 } from './format.js';

/** The device whose data moved, for programs. */
export function transferDeviceRecord(device: DeviceInfo): Record<string, unknown> {
  return {
    path: device.path,
    bus: device.bus,
    address: device.address,
    vid: hex4(device.vid),
    pid: hex4(device.pid),
    serial: device.serial ?? null,
  };
}

/** The endpoint that it moved through. */
export function locationRecord(location: EndpointLocation): Record<string, unknown> {
  return {
    endpoint: endpointName(location.endpoint.address),
    interface: location.interfaceNumber,
    alternate_setting: location.alternateSetting,
  };
}
