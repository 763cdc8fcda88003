import { join } from 'node:path';

/** The folders in which a system is looked at. */
export interface SystemFiles {
  /** As /. */
  readonly root: string;
  /** As /sys/bus/usb/devices, where Linux shows its USB devices (Documentation/ABI/testing/sysfs-bus-usb). */
  readonly devices: string;
  /** As /dev/bus/usb, where it has the files through which they are opened. */
  readonly files: string;
  readonly etc: string;
  readonly proc: string;
  readonly run: string;
}

/** The folders of a system whose files are all below `root`: of this one by default. */
export function systemFiles(root = '/'): SystemFiles {
  return {
    root,
    devices: join(root, 'sys/bus/usb/devices'),
    files: join(root, 'dev/bus/usb'),
    etc: join(root, 'etc'),
    proc: join(root, 'proc'),
    run: join(root, 'run'),
  };
}
