import type { SystemRoots } from '../../../src/backends/libusb/roots.js';
import type { Folder } from './folder.js';

/** The places of a system that is built in a folder. */
export function rootsIn({ path }: Folder): SystemRoots {
  return {
    root: path,
    devices: `${path}/sys/bus/usb/devices`,
    files: `${path}/dev/bus/usb`,
    etc: `${path}/etc`,
    proc: `${path}/proc`,
    run: `${path}/run`,
  };
}
