import { join } from 'node:path';

/** Where Linux shows its USB devices (Documentation/ABI/testing/sysfs-bus-usb). */
const DEVICES = 'sys/bus/usb/devices';

/** Where it has the files through which they are opened. */
const FILES = 'dev/bus/usb';

/** The folders in which a system is looked at. */
export interface SystemFiles {
  /** As /sys/bus/usb/devices. */
  readonly devices: string;
  /** As /dev/bus/usb. */
  readonly files: string;
}

/** The folders of a system whose files are all below `root`: of this one by default. */
export function systemFiles(root = '/'): SystemFiles {
  return { devices: join(root, DEVICES), files: join(root, FILES) };
}
