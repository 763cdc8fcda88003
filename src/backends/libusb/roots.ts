import { DEVICE_FILES } from './device-file.js';
import { SYSFS_DEVICES } from './sysfs.js';

/** Where Linux shows itself: other folders of the same forms, for tests. */
export interface SystemRoots {
  /** `/` */
  readonly root: string;
  /** `/sys/bus/usb/devices` */
  readonly devices: string;
  /** `/dev/bus/usb` */
  readonly files: string;
  readonly etc: string;
  readonly proc: string;
  readonly run: string;
}

/** The system itself. */
export const ROOTS: SystemRoots = {
  root: '/',
  devices: SYSFS_DEVICES,
  files: DEVICE_FILES,
  etc: '/etc',
  proc: '/proc',
  run: '/run',
};
