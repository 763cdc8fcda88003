import type { DeviceInfo } from '../../usb/backend.js';
import type { Gadget } from './gadget.js';
import type { HostController } from './host-controller.js';
import type { Loan } from './loan.js';
import type { Pipe } from './pipe.js';

/** One stay of a device on the bus, from plugging in to unplugging. */
export interface Plug {
  readonly info: DeviceInfo;
  readonly pipes: ReadonlyMap<number, Pipe>;
  /** Numbers of the interfaces that someone has claimed. */
  readonly claimed: Set<number>;
  /** The memory of the bus's transfers. */
  readonly loan: Loan;
  connected: boolean;
}

/** A port of the bus and the device that belongs to it, plugged in or not. */
export class Socket {
  readonly path: string;
  readonly #gadget: Gadget;
  readonly #loan: Loan;
  readonly #pipes = new Map<number, Pipe>();
  readonly #takeAddress: () => number;
  #plug: Plug;

  /**
   * Plugs a device in.
   *
   * @param loan the memory that the bus's sockets share
   * @param rate bytes per second that each pipe may carry
   * @param takeAddress gives the device its address, at each plug anew
   */
  constructor(
    path: string,
    gadget: Gadget,
    controller: HostController,
    loan: Loan,
    rate: number,
    takeAddress: () => number,
  ) {
    this.path = path;
    this.#gadget = gadget;
    this.#loan = loan;
    this.#takeAddress = takeAddress;
    for (const [address, endpoint] of gadget.functions) {
      this.#pipes.set(address, controller.createPipe(endpoint, gadget.packetSize, rate));
    }
    this.#plug = this.#plugIn();
  }

  /** The stay that is going on; undefined while the device is unplugged. */
  get plug(): Plug | undefined {
    return this.#plug.connected ? this.#plug : undefined;
  }

  /** Pulls the plug: everything in flight ends, everybody who had opened the device has lost it. */
  unplug(): void {
    if (this.#plug.connected) {
      this.#plug.connected = false;
      for (const pipe of this.#pipes.values()) {
        pipe.disconnect();
      }
    }
  }

  /** Puts the plug back in. */
  replug(): void {
    if (!this.#plug.connected) {
      for (const endpoint of this.#gadget.functions.values()) {
        endpoint.powerOn();
      }
      this.#plug = this.#plugIn();
    }
  }

  #plugIn(): Plug {
    return {
      info: { path: this.path, bus: 1, address: this.#takeAddress(), ...this.#gadget.descriptors },
      pipes: this.#pipes,
      claimed: new Set(),
      loan: this.#loan,
      connected: true,
    };
  }
}
