import type { DeviceInfo } from './backend.js';
import { classesOf } from './device-class.js';

/** Which devices are meant: all properties that are given must fit. */
export interface DeviceFilter {
  readonly vid?: number | undefined;
  readonly pid?: number | undefined;
  /** The serial number, to the letter. */
  readonly serial?: string | undefined;
  /** The port path, such as `3-1.2`. */
  readonly path?: string | undefined;
  readonly bus?: number | undefined;
  readonly address?: number | undefined;
  /** A class code, of the device or of any of its interfaces. */
  readonly classCode?: number | undefined;
}

/** Whether a device fits a filter. */
export function matches(device: DeviceInfo, filter: DeviceFilter): boolean {
  return (
    (filter.vid === undefined || filter.vid === device.vid) &&
    (filter.pid === undefined || filter.pid === device.pid) &&
    (filter.serial === undefined || filter.serial === device.serial) &&
    (filter.path === undefined || filter.path === device.path) &&
    (filter.bus === undefined || filter.bus === device.bus) &&
    (filter.address === undefined || filter.address === device.address) &&
    (filter.classCode === undefined || classesOf(device).includes(filter.classCode))
  );
}
