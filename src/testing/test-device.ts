import type { Port } from '../backends/simulation/bus/port.js';
import type { EndpointFunction } from '../backends/simulation/gadget/endpoint.js';
import { UsbError } from '../usb/errors.js';
import { formatEndpoint } from '../usb/format.js';
import { TestInEndpoint } from './endpoints.js';

/** A device on a `TestBus`, as the test controls it. */
export class TestDevice {
  readonly #port: Port;
  readonly #endpoints: ReadonlyMap<number, EndpointFunction>;

  /** @internal Use `TestBus.connect`. */
  constructor(port: Port, endpoints: ReadonlyMap<number, EndpointFunction>) {
    this.#port = port;
    this.#endpoints = endpoints;
  }

  /** The port path, such as `1-1`. */
  get path(): string {
    return this.#port.path;
  }

  /**
   * Sends a message on an IN endpoint, after those that were sent before. The last packet is short, which
   * ends the message, unless its size is a multiple of the packet size. An empty message is a zero-length
   * packet.
   *
   * @param message copied
   * @throws UsbError `not-found` if the device has no such IN endpoint
   */
  send(endpoint: number, message: Uint8Array): void {
    const found = this.#endpoints.get(endpoint);
    if (!(found instanceof TestInEndpoint)) {
      throw new UsbError('not-found', `the device has no IN endpoint ${formatEndpoint(endpoint)}`);
    }
    found.send(message);
    this.#port.attachment?.wake();
  }

  /** Halts an endpoint: transfers in flight end with a stall, and so do later ones until it is cleared. */
  stall(endpoint: number): void {
    const { attachment } = this.#port;
    attachment?.pipes.get(endpoint)?.halt();
    attachment?.wake();
  }

  /** Unplugs the device, unless it is unplugged. */
  unplug(): void {
    this.#port.unplug();
  }

  /** Plugs the device in again, with a new address, unless it is plugged in. Calls `onPowerOn`. */
  replug(): void {
    this.#port.replug();
  }

  /** Lets the system forbid the use of the device, or allow it again. */
  authorize(isAuthorized: boolean): void {
    this.#port.authorize(isAuthorized);
  }

  /** Resets the device as another process would: a program that claimed an interface loses it. */
  resetByOther(): void {
    this.#port.resetByOther();
  }
}
