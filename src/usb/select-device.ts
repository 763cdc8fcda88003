import type { DeviceInfo } from './backend.js';

/** Which devices are meant: all properties that are given must fit. */
export interface DeviceFilter {
  readonly vid?: number;
  readonly pid?: number;
  /** The serial number, to the letter. */
  readonly serial?: string;
  /** The port path, such as `3-1.2`. */
  readonly path?: string;
  readonly bus?: number;
  readonly address?: number;
}

/** Whether a device fits a filter. */
export function matches(device: DeviceInfo, filter: DeviceFilter): boolean {
  return (
    (filter.vid === undefined || filter.vid === device.vid) &&
    (filter.pid === undefined || filter.pid === device.pid) &&
    (filter.serial === undefined || filter.serial === device.serial) &&
    (filter.path === undefined || filter.path === device.path) &&
    (filter.bus === undefined || filter.bus === device.bus) &&
    (filter.address === undefined || filter.address === device.address)
  );
}
