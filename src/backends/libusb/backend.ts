import type {
  Backend,
  DescriptorBytes,
  Device,
  DeviceInfo,
  DeviceState,
  TransferMemory,
} from '../../usb/backend.js';
import type { CheckResult } from '../../usb/check-result.js';
import { listSysfs } from './linux/devices.js';
import { type SystemFiles, systemFiles } from './linux/paths.js';

/**
 * The machine's real USB, through libusb. On Linux, listing asks the kernel alone: libusb, and what
 * works with it, is loaded by whoever opens a device.
 */
export class LibusbBackend implements Backend {
  readonly name = 'libusb';
  readonly #system: SystemFiles;
  #inspector: Promise<typeof import('./linux/interfaces.js')> | undefined;

  /** See `WatchedBus`. */
  readonly glance = process.platform === 'linux' ? () => this.#glance() : undefined;

  /** @param root the folder that stands for / where devices are looked at, not opened; for tests */
  constructor(root?: string) {
    this.#system = systemFiles(root);
  }

  async list(): Promise<DeviceInfo[]> {
    if (process.platform === 'linux') {
      return listSysfs(this.#system.devices);
    }
    const { listPortable } = await import('./portable-list.js');
    return listPortable();
  }

  async inspect(info: DeviceInfo): Promise<DeviceState> {
    if (process.platform === 'linux') {
      // Kept, as to import it anew takes longer than to inspect, and a list has many devices.
      this.#inspector ??= import('./linux/interfaces.js');
      return (await this.#inspector).inspect(info, this.#system);
    }
    return { accessible: undefined, node: undefined, interfaces: [] };
  }

  async descriptors(info: DeviceInfo): Promise<DescriptorBytes> {
    if (process.platform === 'linux') {
      const { readDescriptors } = await import('./linux/devices.js');
      return readDescriptors(info, this.#system.devices);
    }
    const { portableDescriptors } = await import('./portable-list.js');
    return portableDescriptors(info);
  }

  async open(info: DeviceInfo): Promise<Device> {
    const { LibusbDevice } = await import('./native/device.js');
    return LibusbDevice.open(info);
  }

  async transferMemory(): Promise<TransferMemory | undefined> {
    const { usbfsMemory } = await import('./linux/memory.js');
    return usbfsMemory();
  }

  async diagnose(devices: readonly DeviceInfo[]): Promise<CheckResult[]> {
    if (process.platform === 'linux') {
      const { diagnose } = await import('./doctor/diagnose.js');
      return diagnose(devices, this.#system);
    }
    const { libusbFinding } = await import('./doctor/system.js');
    return [await libusbFinding()];
  }

  async #glance(): Promise<string> {
    const { busFingerprint } = await import('./linux/devices.js');
    return busFingerprint(this.#system.devices);
  }
}
