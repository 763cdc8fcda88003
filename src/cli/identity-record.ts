import type { DeviceInfo } from '../usb/backend.js';
import { hex4 } from './format.js';

/** Which device it is, and where, as programs are told of it. */
export function identityRecord(device: DeviceInfo): Record<string, unknown> {
  return {
    path: device.path,
    bus: device.bus,
    address: device.address,
    vid: hex4(device.vid),
    pid: hex4(device.pid),
    speed_mbps: device.speed ?? null,
    manufacturer: device.manufacturer ?? null,
    product: device.product ?? null,
    serial: device.serial ?? null,
  };
}
