import type { Backend, Device, DeviceInfo } from '../../usb/backend.js';
import { LibusbDevice } from './device.js';
import { loadNodeUsb } from './node-usb.js';
import { listPortable } from './portable-list.js';
import { listSysfs } from './sysfs.js';

/** The machine's real USB, through libusb. On Linux, listing asks the kernel alone. */
export class LibusbBackend implements Backend {
  readonly name = 'libusb';

  async list(): Promise<DeviceInfo[]> {
    return process.platform === 'linux' ? listSysfs() : listPortable(await loadNodeUsb());
  }

  async open(info: DeviceInfo): Promise<Device> {
    return LibusbDevice.open(await loadNodeUsb(), info);
  }
}
