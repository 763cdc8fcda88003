import type { DeviceInfo } from '../../../usb/model.js';
import type { ControlFunction } from '../gadgets/control.js';
import type { Gadget } from '../gadgets/gadget.js';
import type { HostController } from './host-controller.js';
import type { MemoryBudget } from './memory-budget.js';
import type { Pipe } from './pipe.js';

/** One stay of a device on the bus, from plugging in to unplugging. */
export interface Attachment {
  readonly info: DeviceInfo;
  readonly pipes: ReadonlyMap<number, Pipe>;
  /** The alternate settings of the interfaces that someone has claimed, by interface number. */
  readonly claimed: Map<number, number>;
  /** What the device makes of control requests of its own. */
  readonly control: ControlFunction;
  /** The memory of the bus's transfers. */
  readonly loan: MemoryBudget;
  connected: boolean;
  /** The device may have something to do. */
  poke(): void;
  /** The device starts anew, as after plugging in, at the address that it has. */
  reset(): void;
}

/** A port of the bus and the device that belongs to it, plugged in or not. */
export class Port {
  readonly path: string;
  readonly #gadget: Gadget;
  readonly #controller: HostController;
  readonly #loan: MemoryBudget;
  readonly #pipes = new Map<number, Pipe>();
  readonly #takeAddress: () => number;
  #plug: Attachment;

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
    loan: MemoryBudget,
    rate: number,
    takeAddress: () => number,
  ) {
    this.path = path;
    this.#gadget = gadget;
    this.#controller = controller;
    this.#loan = loan;
    this.#takeAddress = takeAddress;
    for (const [address, endpoint] of gadget.functions) {
      this.#pipes.set(address, controller.createPipe(endpoint, rate));
    }
    this.#plug = this.#plugIn();
  }

  /** The stay that is going on; undefined while the device is unplugged. */
  get plug(): Attachment | undefined {
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
      this.#powerOn();
      this.#plug = this.#plugIn();
    }
  }

  #powerOn(): void {
    for (const endpoint of this.#gadget.functions.values()) {
      endpoint.powerOn();
    }
    this.#gadget.control.powerOn();
  }

  #reset(): void {
    for (const pipe of this.#pipes.values()) {
      pipe.clearHalt();
    }
    this.#powerOn();
  }

  #plugIn(): Attachment {
    return {
      info: { path: this.path, bus: 1, address: this.#takeAddress(), ...this.#gadget.descriptors },
      pipes: this.#pipes,
      claimed: new Map(),
      control: this.#gadget.control,
      loan: this.#loan,
      connected: true,
      poke: () => this.#controller.poke(),
      reset: () => this.#reset(),
    };
  }
}
