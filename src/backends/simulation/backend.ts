import type {
  Backend,
  DescriptorBytes,
  Device,
  DeviceState,
  TransferMemory,
} from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import type { DeviceInfo } from '../../usb/model.js';
import type { Clock } from './bus/clock.js';
import { HostController, type HostPause } from './bus/host-controller.js';
import { MemoryBudget } from './bus/memory-budget.js';
import { type Attachment, Port } from './bus/port.js';
import { SimulatedDevice } from './device.js';
import type { Gadget } from './gadget/gadget.js';

/** Address 1 belongs to the root hub. */
const FIRST_ADDRESS = 2;
const LAST_ADDRESS = 127;

/**
 * What can happen to a whole device: it is unplugged, the system forbids its use, or another process
 * resets it.
 */
export type DeviceEvent = 'unplug' | 'deauthorize' | 'reset';

/** The bus that simulated devices are plugged into. */
interface SimulatedBus {
  readonly clock: Clock;
  /** See `DeviceInfo.cancelKeepsData`. */
  readonly cancelKeepsData: boolean;
  /** The memory of all transfers in bytes; Infinity for no limit. */
  readonly memory: number;
  /** Undefined for a host that does not pause. */
  readonly pause?: HostPause | undefined;
}

/**
 * Simulated devices on a bus with the flow control of a real one: data that the host does not request
 * stays in the device.
 */
export abstract class SimulatedBackend implements Backend {
  abstract readonly name: string;
  readonly #ports: Port[] = [];
  readonly #controller: HostController;
  readonly #memory: MemoryBudget;
  readonly #clock: Clock;
  #nextAddress = FIRST_ADDRESS;

  constructor({ clock, cancelKeepsData, memory, pause }: SimulatedBus) {
    this.#clock = clock;
    this.#controller = new HostController(clock, cancelKeepsData, pause);
    this.#memory = new MemoryBudget(memory);
  }

  /**
   * Plugs a device in.
   *
   * @internal
   * @param rate the maximum number of bytes per second on each of its pipes; Infinity for no limit
   * @param addresses its addresses, the first one first, each time it is plugged in; then the next free ones
   */
  protected plugIn(
    path: string,
    gadget: Gadget,
    rate: number,
    addresses: readonly number[] = [],
  ): void {
    let attachments = 0;
    this.#nextAddress = Math.max(this.#nextAddress, ...addresses.map(addressAfter));
    const takeAddress = () => addresses[attachments++] ?? this.#takeAddress();
    this.#ports.push(new Port(path, gadget, this.#controller, this.#memory, rate, takeAddress));
  }

  async list(): Promise<DeviceInfo[]> {
    return this.#ports.flatMap(({ attachment }) =>
      attachment === undefined ? [] : [attachment.info],
    );
  }

  /** Every user may open simulated devices, and no kernel driver binds to them. */
  async inspect(): Promise<DeviceState> {
    return { accessible: true, node: undefined, interfaces: [] };
  }

  async descriptors(info: DeviceInfo): Promise<DescriptorBytes> {
    return { descriptors: this.#attachmentOf(info).descriptors, bos: undefined };
  }

  async open(info: DeviceInfo): Promise<Device> {
    return new SimulatedDevice(this.#attachmentOf(info));
  }

  async transferMemory(): Promise<TransferMemory | undefined> {
    return this.#memory.memory;
  }

  /** Unplugs the device at a port, unless it is unplugged already. */
  unplug(path: string): void {
    this.port(path).unplug();
  }

  /** Plugs the device at a port in again, with a new address, unless it is plugged in. */
  replug(path: string): void {
    this.port(path).replug();
  }

  /** Lets the system deauthorize the device at a port, or authorize it again. */
  authorize(path: string, isAuthorized: boolean): void {
    this.port(path).authorize(isAuthorized);
  }

  /** Resets the device at a port as another process would: claimed interfaces are lost. */
  resetByOther(path: string): void {
    this.port(path).resetByOther();
  }

  /**
   * Makes an event of the device at a port happen.
   *
   * @internal
   * @param duration milliseconds until it is undone; Infinity for never
   */
  protected happen(path: string, event: DeviceEvent, duration: number): void {
    const undo = this.#happen(path, event);
    if (undo !== undefined && Number.isFinite(duration)) {
      this.#clock.after(duration, undo);
    }
  }

  /** Returns what undoes the event; undefined if nothing does. */
  #happen(path: string, event: DeviceEvent): (() => void) | undefined {
    switch (event) {
      case 'unplug':
        this.unplug(path);
        return () => this.replug(path);
      case 'deauthorize':
        this.authorize(path, false);
        return () => this.authorize(path, true);
      case 'reset':
        this.resetByOther(path);
        return undefined;
    }
  }

  /**
   * @internal
   * @throws UsbError `not-found` if the bus does not have this port
   */
  protected port(path: string): Port {
    const port = this.#ports.find((candidate) => candidate.path === path);
    if (port === undefined) {
      throw new UsbError('not-found', `the ${this.name} bus has no port ${path}`);
    }
    return port;
  }

  #attachmentOf({ path, address }: DeviceInfo): Attachment {
    const attachment = this.#ports.find((port) => port.path === path)?.attachment;
    if (attachment === undefined || attachment.info.address !== address) {
      throw new UsbError('no-device', `there is no device at ${path} with address ${address}`);
    }
    return attachment;
  }

  /** Takes the next free address, as Linux does, so that an address is not reused soon. */
  #takeAddress(): number {
    const taken = new Set(this.#ports.map(({ attachment }) => attachment?.info.address));
    let address: number;
    do {
      address = this.#nextAddress;
      this.#nextAddress = addressAfter(address);
    } while (taken.has(address));
    return address;
  }
}

function addressAfter(address: number): number {
  return address >= LAST_ADDRESS ? FIRST_ADDRESS : address + 1;
}
