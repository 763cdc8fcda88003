import type { DeviceInfo } from '../../../usb/model.js';
import { descriptorBytes } from '../gadget/descriptors.js';
import type { ControlFunction } from '../gadget/endpoint.js';
import type { Gadget } from '../gadget/gadget.js';
import type { HostController } from './host-controller.js';
import type { MemoryBudget } from './memory-budget.js';
import type { Pipe } from './pipe.js';

/** A device from when it is plugged in until it is unplugged. */
export interface Attachment {
  /** Its configuration changes. While the device is not authorized, it has none. */
  info: DeviceInfo;
  readonly pipes: ReadonlyMap<number, Pipe>;
  /** The device descriptor and the configurations. */
  readonly descriptors: Uint8Array;
  /** The selected alternate settings of the claimed interfaces, by interface number. */
  readonly claimed: Map<number, number>;
  /** Handles the control requests that the bus does not. */
  readonly control: ControlFunction;
  /** The memory of all transfers on the bus. */
  readonly memory: MemoryBudget;
  connected: boolean;
  authorized: boolean;
  /** How often all claims were lost. */
  claimLosses: number;
  /** Aborts when the device is unplugged. */
  readonly unplugged: AbortSignal;
  /** Schedules a turn of the bus: the device may have work. */
  wake(): void;
  /** Resets the device. It keeps its address. */
  reset(): void;
  /** Selects a configuration, undefined for none: clears the halts of all endpoints. */
  configure(value: number | undefined): void;
}

/** A port of the bus with its device, which may be unplugged. */
export class Port {
  readonly path: string;
  readonly #gadget: Gadget;
  readonly #controller: HostController;
  readonly #memory: MemoryBudget;
  readonly #pipes = new Map<number, Pipe>();
  readonly #takeAddress: () => number;
  #unplugged = new AbortController();
  #attachment: Attachment;

  /**
   * Plugs the device in.
   *
   * @param memory shared by all ports of the bus
   * @param rate the maximum number of bytes per second on each pipe
   * @param takeAddress returns a new address, each time the device is plugged in
   */
  constructor(
    path: string,
    gadget: Gadget,
    controller: HostController,
    memory: MemoryBudget,
    rate: number,
    takeAddress: () => number,
  ) {
    this.path = path;
    this.#gadget = gadget;
    this.#controller = controller;
    this.#memory = memory;
    this.#takeAddress = takeAddress;
    for (const [address, endpoint] of gadget.functions) {
      this.#pipes.set(address, controller.createPipe(endpoint, rate));
    }
    this.#attachment = this.#attach();
  }

  /** The current attachment; undefined while the device is unplugged. */
  get attachment(): Attachment | undefined {
    return this.#attachment.connected ? this.#attachment : undefined;
  }

  /** Unplugs the device: completes everything in flight, and invalidates all handles. */
  unplug(): void {
    if (this.#attachment.connected) {
      this.#attachment.connected = false;
      this.#unplugged.abort();
      for (const pipe of this.#pipes.values()) {
        pipe.disconnect();
      }
    }
  }

  /** Deauthorizes the device, which loses its configuration and all claims, or authorizes it again. */
  authorize(isAuthorized: boolean): void {
    const attachment = this.#attachment;
    if (attachment.connected && attachment.authorized !== isAuthorized) {
      const { configurationValue } = this.#gadget.descriptors;
      attachment.authorized = isAuthorized;
      attachment.info = {
        ...attachment.info,
        configurationValue: isAuthorized ? configurationValue : undefined,
      };
      this.#loseClaims();
      this.#powerOn();
    }
  }

  /** Resets the device, which loses all claims. */
  resetByOther(): void {
    if (this.#attachment.connected) {
      this.#loseClaims();
      this.#powerOn();
    }
  }

  #loseClaims(): void {
    this.#attachment.claimLosses += 1;
    this.#attachment.claimed.clear();
    for (const pipe of this.#pipes.values()) {
      pipe.abort();
    }
  }

  /** Plugs the device in again. */
  replug(): void {
    if (!this.#attachment.connected) {
      this.#powerOn();
      this.#attachment = this.#attach();
    }
  }

  #powerOn(): void {
    for (const endpoint of this.#gadget.functions.values()) {
      endpoint.powerOn();
    }
    this.#gadget.control.powerOn();
  }

  #reset(): void {
    this.#clearHalts();
    this.#powerOn();
  }

  #configure(attachment: Attachment, configurationValue: number | undefined): void {
    this.#clearHalts();
    attachment.info = { ...attachment.info, configurationValue };
  }

  #clearHalts(): void {
    for (const pipe of this.#pipes.values()) {
      pipe.clearHalt();
    }
  }

  #attach(): Attachment {
    this.#unplugged = new AbortController();
    const attachment: Attachment = {
      info: {
        ...{ path: this.path, bus: busOf(this.path), address: this.#takeAddress() },
        ...this.#gadget.descriptors,
        cancelKeepsData: this.#controller.cancelKeepsData,
      },
      pipes: this.#pipes,
      descriptors: this.#gadget.bytes ?? descriptorBytes(this.#gadget.descriptors),
      claimed: new Map(),
      control: this.#gadget.control,
      memory: this.#memory,
      connected: true,
      authorized: true,
      claimLosses: 0,
      unplugged: this.#unplugged.signal,
      wake: () => this.#controller.wake(),
      reset: () => this.#reset(),
      configure: (value) => this.#configure(attachment, value),
    };
    return attachment;
  }
}

/** The number of the bus in a port path. */
function busOf(path: string): number {
  return Number(/\d+/.exec(path)?.[0]);
}
