import { UsbError } from '../../../usb/errors.js';
import type { DeviceInfo } from '../../../usb/model.js';
import type { Presence } from '../platform.js';
import { findNative, type NativeDevice, type NodeUsb, startAgain } from './node-usb.js';

/** How long udev may take to report a new device to libusb, in milliseconds. */
const UDEV_DELAY = 1000;

/** The maximum number of libusb contexts: none can be freed before the process exits. */
const MAX_CONTEXTS = 500;

/** A device, and the libusb context that lists it. */
export interface FoundDevice {
  readonly usb: NodeUsb;
  readonly native: NativeDevice;
}

/**
 * The libusb contexts of this process. A context lists the devices that were on the bus when it was
 * created, and those that a udev daemon reported since. Without one, as in a container, a device that
 * is plugged in later needs a new context.
 */
export class Contexts {
  readonly #startAgain: () => NodeUsb;
  /** The newest first. */
  readonly #contexts: NodeUsb[] = [];
  /** The device that no context listed when it was last asked for, and since when. */
  #unlisted: { readonly device: string; readonly since: number } | undefined;

  /** @param again another way to create a context, for tests */
  constructor(again = startAgain) {
    this.#startAgain = again;
  }

  /**
   * Finds a device. If no context lists it although it is on the bus, creates one: at once if nothing
   * reports new devices to libusb; otherwise in a call at least a second after the first.
   *
   * @param first the context that was created when node-usb was loaded
   * @param presence whether the system shows the device, and libusb will learn of it
   * @returns undefined if no context lists the device
   * @throws UsbError `unavailable` if no context can be created
   */
  find(first: NodeUsb, info: DeviceInfo, presence: Presence): FoundDevice | undefined {
    if (!this.#contexts.includes(first)) {
      this.#contexts.push(first);
    }
    const found = this.#search(info);
    const wait = presence === 'reported' && !this.#isOverdue(info);
    if (found !== undefined || presence === 'gone' || wait) {
      return found;
    }
    if (this.#contexts.length >= MAX_CONTEXTS) {
      throw new UsbError(
        'unavailable',
        `libusb cannot see the device at ${info.path}: without a udev daemon it has to be started ` +
          `for each replugged device, which is possible ${MAX_CONTEXTS} times in a process`,
        { remedy: { kind: 'run-again' } },
      );
    }
    this.#contexts.unshift(this.#startAgain());
    return this.#search(info);
  }

  #search(info: DeviceInfo): FoundDevice | undefined {
    for (const usb of this.#contexts) {
      const native = findNative(usb, info);
      if (native !== undefined) {
        this.#unlisted = undefined;
        return { usb, native };
      }
    }
    return undefined;
  }

  #isOverdue({ bus, address }: DeviceInfo): boolean {
    const device = `${bus}-${address}`;
    const now = performance.now();
    if (this.#unlisted?.device !== device) {
      this.#unlisted = { device, since: now };
    }
    return now - this.#unlisted.since >= UDEV_DELAY;
  }
}
