import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceInfo } from '../../../usb/backend.js';
import { type Remedy, UsbError } from '../../../usb/errors.js';
import { driverOf, interfaceFolder } from '../linux/interfaces.js';
import { operationError } from './errors.js';
import type { NativeDevice } from './node-usb.js';

/** How long a driver may take until it is back, in milliseconds. */
const PATIENCE = 2000;
const POLL = 50;

type NativeDriverCalls = Pick<
  NativeDevice,
  '__isKernelDriverActive' | '__detachKernelDriver' | '__attachKernelDriver'
>;

/** A kernel driver that was taken off an interface, and that is to come back. */
export class DetachedDriver {
  readonly #native: NativeDriverCalls;
  readonly #info: DeviceInfo;
  readonly #interfaceNumber: number;
  readonly #name: string | undefined;
  /** The interfaces that it had. */
  readonly #held: readonly number[];
  readonly #driverOf: typeof driverOf;

  private constructor(
    native: NativeDriverCalls,
    info: DeviceInfo,
    interfaceNumber: number,
    lookUp: typeof driverOf,
  ) {
    this.#native = native;
    this.#info = info;
    this.#interfaceNumber = interfaceNumber;
    this.#driverOf = lookUp;
    this.#name = lookUp(info, interfaceNumber);
    this.#held =
      this.#name === undefined
        ? [interfaceNumber]
        : interfaceNumbers(info).filter((number) => lookUp(info, number) === this.#name);
  }

  /**
   * Takes the kernel driver off an interface.
   *
   * @param lookUp another `driverOf`, for tests
   * @returns undefined when there is none: another process is no driver
   * @throws UsbError
   */
  static detach(
    native: NativeDriverCalls,
    info: DeviceInfo,
    interfaceNumber: number,
    lookUp = driverOf,
  ): DetachedDriver | undefined {
    if (!isActive(native, interfaceNumber)) {
      return undefined;
    }
    const detached = new DetachedDriver(native, info, interfaceNumber, lookUp);
    try {
      native.__detachKernelDriver(interfaceNumber);
    } catch (error) {
      throw operationError(
        `cannot detach ${detached.#words} from interface ${interfaceNumber}`,
        error,
      );
    }
    return detached;
  }

  /**
   * Lets the driver have its interfaces again, and waits until it does. Nobody may claim them.
   *
   * @throws UsbError `no-device` when the device is gone; `other` when the driver does not come
   */
  async reattach(): Promise<void> {
    let cause: unknown;
    // A driver that has several interfaces, as serial ports do, gave all of them up with one, and
    // may come back only through another than that one.
    for (const number of this.#held) {
      try {
        this.#native.__attachKernelDriver(number);
      } catch (error) {
        const failure = operationError(`cannot attach ${this.#words}`, error);
        if (failure.code === 'no-device') {
          throw failure;
        }
        cause = error; // what counts is whether the driver is back
      }
    }
    const until = performance.now() + PATIENCE;
    while (!this.#isBack()) {
      if (performance.now() >= until) {
        throw new UsbError(
          'other',
          `${this.#words} did not come back to interface ${this.#interfaceNumber}`,
          { cause, remedy: this.#remedy },
        );
      }
      await sleep(POLL);
    }
  }

  #isBack(): boolean {
    const name = this.#name;
    return name === undefined
      ? isActive(this.#native, this.#interfaceNumber)
      : this.#held.every((number) => this.#driverOf(this.#info, number) === name);
  }

  get #words(): string {
    return this.#name === undefined ? 'the kernel driver' : `the kernel driver ${this.#name}`;
  }

  get #remedy(): Remedy {
    const replug = { kind: 'replug' } as const;
    const [first] = this.#held;
    if (this.#name === undefined || first === undefined) {
      return replug;
    }
    const interfaceName = interfaceFolder(this.#info, first);
    const rebind = { kind: 'rebind-driver', driver: this.#name, interfaceName } as const;
    return { kind: 'any-of', remedies: [replug, rebind] };
  }
}

/** Also false where the system cannot tell, and cannot detach either. */
function isActive(native: NativeDriverCalls, interfaceNumber: number): boolean {
  try {
    return native.__isKernelDriverActive(interfaceNumber);
  } catch {
    return false;
  }
}

function interfaceNumbers({ configurations, activeConfiguration }: DeviceInfo): number[] {
  const active = configurations.find(({ value }) => value === activeConfiguration);
  const numbers = active?.settings.map(({ interfaceNumber }) => interfaceNumber) ?? [];
  return [...new Set(numbers)].sort((a, b) => a - b);
}
