import { UsbError } from '../../usb/errors.js';
import type { Plug } from './socket.js';

/** Somebody's hold on an interface of a device. */
export class Claim {
  readonly plug: Plug;
  readonly interfaceNumber: number;
  #released = false;
  /** Transfers that were submitted and not answered yet. */
  inFlight = 0;

  /** @throws UsbError `busy` when somebody else holds it */
  constructor(plug: Plug, interfaceNumber: number, alternateSetting: number) {
    if (plug.claimed.has(interfaceNumber)) {
      throw new UsbError('busy', `interface ${interfaceNumber} is claimed already`);
    }
    plug.claimed.set(interfaceNumber, alternateSetting);
    this.plug = plug;
    this.interfaceNumber = interfaceNumber;
  }

  /** @throws UsbError `invalid` once released; `no-device` when the device is gone */
  check(): void {
    if (this.#released) {
      throw new UsbError('invalid', `interface ${this.interfaceNumber} was released`);
    }
    checkPlug(this.plug);
  }

  /**
   * Once released, there is nothing more to do.
   *
   * @throws UsbError `invalid` while a transfer is in flight; `no-device` when the device is gone
   */
  release(): void {
    if (this.#released) {
      return;
    }
    if (this.inFlight > 0) {
      throw new UsbError(
        'invalid',
        `interface ${this.interfaceNumber} has ${this.inFlight} transfers in flight`,
      );
    }
    this.#released = true;
    this.plug.claimed.delete(this.interfaceNumber);
    checkPlug(this.plug);
  }
}

/** @throws UsbError `no-device` when the plug was pulled */
export function checkPlug(plug: Plug): void {
  if (!plug.connected) {
    const { path, address } = plug.info;
    throw new UsbError('no-device', `the device at ${path} (address ${address}) is gone`);
  }
}
