import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A device as the kernel shows it; `configuration` is empty while it has none. */
export interface SysfsDevice {
  readonly vid: number;
  readonly pid: number;
  readonly manufacturer: string;
  readonly product: string;
  readonly serial: string;
  readonly configuration: string;
}

const DEVICE: SysfsDevice = {
  vid: 0x1234,
  pid: 0x5678,
  manufacturer: 'usbxfer',
  product: 'thing',
  serial: '0001',
  configuration: '1',
};

/** A bus to connect and disconnect devices: a directory with the layout of /sys, for USBXFER_SYSFS. */
export class SysfsBus {
  readonly root = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  readonly #devices = join(this.root, 'sys/bus/usb/devices');
  #address = 1;
  #moved = 0;

  constructor() {
    mkdirSync(this.#devices, { recursive: true });
    this.plug('usb1', { product: 'root hub' });
  }

  /** Makes the process use this bus. */
  get environment(): NodeJS.ProcessEnv {
    return { USBXFER_BACKEND: 'libusb', USBXFER_SYSFS: this.root };
  }

  /** Connects a device atomically, with the next address, and returns the address. */
  plug(path: string, given: Partial<SysfsDevice> = {}): number {
    const { vid, pid, manufacturer, product, serial, configuration } = { ...DEVICE, ...given };
    this.#address += 1;
    const folder = join(this.root, path);
    const descriptors = Buffer.alloc(18);
    descriptors.writeUInt16LE(vid, 8);
    descriptors.writeUInt16LE(pid, 10);
    descriptors.set([1, 2, 3], 14); // it has the three strings
    mkdirSync(folder);
    for (const [attribute, value] of Object.entries({
      busnum: '1',
      devnum: String(this.#address),
      speed: '480',
      manufacturer,
      product,
      serial,
      bConfigurationValue: configuration,
    })) {
      writeFileSync(join(folder, attribute), `${value}\n`);
    }
    writeFileSync(join(folder, 'descriptors'), descriptors);
    renameSync(folder, join(this.#devices, path));
    return this.#address;
  }

  /** Configures a device, as the kernel does shortly after its connection. */
  configure(path: string): void {
    writeFileSync(join(this.#devices, path, 'bConfigurationValue'), '1\n');
  }

  /** Disconnects a device atomically. */
  unplug(path: string): void {
    this.#moved += 1;
    renameSync(join(this.#devices, path), join(this.root, `gone${this.#moved}`));
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
