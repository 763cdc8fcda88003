import type { Backend, Device, DeviceInfo, TransferMemory } from '../../usb/backend.js';
import { LibusbDevice } from './device.js';
import { usbfsMemory } from './memory-limit.js';
import { loadNodeUsb } from './node-usb.js';
import { missingFile } from './open-failure.js';
import { listPortable } from './portable-list.js';
import { isPresent, listSysfs } from './sysfs.js';

/** The machine's real USB, through libusb. On Linux, listing asks the kernel alone. */
export class LibusbBackend implements Backend {
  readonly name = 'libusb';

  async list(): Promise<DeviceInfo[]> {
    return process.platform === 'linux' ? listSysfs() : listPortable(await loadNodeUsb());
  }

  async open(info: DeviceInfo): Promise<Device> {
    if (process.platform === 'linux' && isPresent(info.path, info.address)) {
      const missing = missingFile(info);
      if (missing !== undefined) {
        throw missing;
      }
    }
    return LibusbDevice.open(await loadNodeUsb(), info);
  }

  async transferMemory(): Promise<TransferMemory | undefined> {
    return usbfsMemory();
  }
}
