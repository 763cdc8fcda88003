import type {
  Backend,
  DescriptorBytes,
  Device,
  DeviceState,
  TransferMemory,
} from '../../usb/backend.js';
import type { CheckResult } from '../../usb/check-result.js';
import type { DeviceInfo } from '../../usb/model.js';
import { linuxPlatform } from './linux/platform.js';
import type { Platform } from './platform.js';
import { portablePlatform } from './portable.js';

/**
 * The USB devices of this machine, through libusb. On Linux, listing reads files of the kernel only,
 * and opening a device loads libusb.
 */
export class LibusbBackend implements Backend {
  readonly name = 'libusb';
  readonly #platform: Platform;

  /** @param root the folder to use as / on Linux, for tests; libusb opens devices regardless of it */
  constructor(root?: string) {
    this.#platform = process.platform === 'linux' ? linuxPlatform(root) : portablePlatform();
  }

  /** See `WatchedBus`. */
  get fingerprint(): (() => Promise<string>) | undefined {
    return this.#platform.fingerprint;
  }

  list(): Promise<DeviceInfo[]> {
    return this.#platform.list();
  }

  inspect(info: DeviceInfo): Promise<DeviceState> {
    return this.#platform.inspect(info);
  }

  descriptors(info: DeviceInfo): Promise<DescriptorBytes> {
    return this.#platform.descriptors(info);
  }

  async open(info: DeviceInfo): Promise<Device> {
    const { LibusbDevice } = await import('./native/device.js');
    return LibusbDevice.open(info, this.#platform);
  }

  checkUnused(info: DeviceInfo): Promise<void> {
    return this.#platform.checkUnused(info);
  }

  transferMemory(): Promise<TransferMemory | undefined> {
    return this.#platform.transferMemory();
  }

  diagnose(devices: readonly DeviceInfo[]): Promise<CheckResult[]> {
    return this.#platform.diagnose(devices, (info) => this.open(info));
  }
}
