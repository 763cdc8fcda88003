import { setTimeout as sleep } from 'node:timers/promises';
import { type Remedy, UsbError } from '../../../usb/errors.js';
import { type DeviceInfo, interfaceNumbers } from '../../../usb/model.js';
import type { Platform } from '../platform.js';
import { operationError } from './errors.js';
import type { NativeDevice } from './node-usb.js';

/** How long a driver may take to bind again, in milliseconds. */
const REATTACH_TIMEOUT = 2000;
const POLL = 50;

/** The parts of an opened device that detaching needs. */
interface DriverHandle {
  readonly native: Pick<
    NativeDevice,
    '__isKernelDriverActive' | '__detachKernelDriver' | '__attachKernelDriver'
  >;
  readonly info: DeviceInfo;
  readonly platform: Pick<Platform, 'driverOf'>;
}

/** A kernel driver that was detached from an interface, to be reattached. */
export class DetachedDriver {
  readonly #handle: DriverHandle;
  readonly #interfaceNumber: number;
  readonly #name: string | undefined;
  /** The interfaces that it held. */
  readonly #held: readonly number[];

  private constructor(handle: DriverHandle, interfaceNumber: number) {
    const driverOf = (number: number) => handle.platform.driverOf(handle.info, number);
    this.#handle = handle;
    this.#interfaceNumber = interfaceNumber;
    this.#name = driverOf(interfaceNumber);
    this.#held =
      this.#name === undefined
        ? [interfaceNumber]
        : interfaceNumbers(handle.info)
            .filter((number) => driverOf(number) === this.#name)
            .sort((a, b) => a - b);
  }

  /**
   * Detaches the kernel driver from an interface.
   *
   * @returns undefined if there is none: another process is not a driver
   * @throws UsbError
   */
  static detach(handle: DriverHandle, interfaceNumber: number): DetachedDriver | undefined {
    if (!isActive(handle, interfaceNumber)) {
      return undefined;
    }
    const detached = new DetachedDriver(handle, interfaceNumber);
    try {
      handle.native.__detachKernelDriver(interfaceNumber);
    } catch (error) {
      throw operationError(
        `cannot detach ${detached.#label} from interface ${interfaceNumber}`,
        error,
      );
    }
    return detached;
  }

  /**
   * Attaches the driver to its interfaces, and waits until it holds them. They must not be claimed.
   *
   * @throws UsbError `no-device` if the device is gone; `other` if the driver does not bind again
   */
  async reattach(): Promise<void> {
    let cause: unknown;
    // A driver of several interfaces, such as that of a serial port, releases all of them with one,
    // and may bind again only through another one.
    for (const number of this.#held) {
      try {
        this.#handle.native.__attachKernelDriver(number);
      } catch (error) {
        const failure = operationError(`cannot attach ${this.#label}`, error);
        if (failure.code === 'no-device') {
          throw failure;
        }
        cause = error; // not a failure if the driver binds anyway
      }
    }
    const until = performance.now() + REATTACH_TIMEOUT;
    while (!this.#isBack()) {
      if (performance.now() >= until) {
        throw new UsbError(
          'other',
          `${this.#label} did not bind to interface ${this.#interfaceNumber} again`,
          { cause, remedy: this.#remedy },
        );
      }
      await sleep(POLL);
    }
  }

  #isBack(): boolean {
    const { platform, info } = this.#handle;
    const name = this.#name;
    return name === undefined
      ? isActive(this.#handle, this.#interfaceNumber)
      : this.#held.every((number) => platform.driverOf(info, number) === name);
  }

  get #label(): string {
    return this.#name === undefined ? 'the kernel driver' : `the kernel driver ${this.#name}`;
  }

  get #remedy(): Remedy {
    const replug = { kind: 'replug' } as const;
    const [first] = this.#held;
    if (this.#name === undefined || first === undefined) {
      return replug;
    }
    const { path, configurationValue } = this.#handle.info;
    const interfaceName = `${path}:${configurationValue}.${first}`;
    const rebind = { kind: 'rebind-driver', driver: this.#name, interfaceName } as const;
    return { kind: 'any-of', remedies: [replug, rebind] };
  }
}

/**
 * Returns whether a driver holds an interface. False if the system does not show drivers: then it
 * cannot detach them either.
 */
function isActive({ native }: DriverHandle, interfaceNumber: number): boolean {
  try {
    return native.__isKernelDriverActive(interfaceNumber);
  } catch {
    return false;
  }
}
