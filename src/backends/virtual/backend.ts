import type {
  Backend,
  DescriptorBytes,
  Device,
  DeviceState,
  TransferMemory,
} from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import type { DeviceInfo } from '../../usb/model.js';
import { type Clock, systemClock } from './bus/clock.js';
import { HostController } from './bus/host-controller.js';
import { MemoryBudget } from './bus/memory-budget.js';
import { type Attachment, Port } from './bus/port.js';
import { SPEEDS } from './bus/speed.js';
import type { OnOut } from './gadgets/counter-out.js';
import { createCounterGadget, createLoopbackGadget, type Gadget } from './gadgets/gadget.js';
import { VirtualDevice } from './handle/device.js';
import { DEFAULT_SCENARIO, type Scenario } from './scenario/scenario.js';

export { parseScenario, SCENARIO_CLAUSES, type Scenario } from './scenario/scenario.js';

export interface VirtualBackendOptions {
  /** What the devices do; plain devices by default. */
  readonly scenario?: Scenario;
  /** Time; the machine's by default. */
  readonly clock?: Clock;
  /** Told of what the counter's EP 0x02 OUT takes. */
  readonly onOut?: OnOut;
}

/** Address 1 is the root hub's. */
const FIRST_ADDRESS = 2;
const LAST_ADDRESS = 127;

/** Makes a bus of its own, with the built-in devices plugged in: see `VirtualBackend`. */
export function createVirtualBackend(options: VirtualBackendOptions = {}): VirtualBackend {
  return new VirtualBackend(options);
}

/**
 * A bus of simulated devices with the flow control of a real one: what the host does not ask for
 * stays in the device. Two devices are on it:
 *
 * - 1234:5678 at 1-1, the counter: the nth 32-bit word of all that its EP 0x82 IN ever sent is n,
 *   little-endian, whoever read it; EP 0x02 OUT takes anything. Messages and faults of a scenario
 *   are those of EP 0x82, faults whose names begin with `out-` those of EP 0x02. `CounterRequests`
 *   has its control requests.
 * - 1234:5679 at 1-2, the loopback: EP 0x81 IN sends back what EP 0x01 OUT takes, packet by packet.
 */
export class VirtualBackend implements Backend {
  readonly name = 'virtual';
  readonly #sockets: Port[] = [];
  readonly #loan: MemoryBudget;
  #nextAddress = FIRST_ADDRESS;

  constructor({
    scenario = DEFAULT_SCENARIO,
    clock = systemClock,
    onOut,
  }: VirtualBackendOptions = {}) {
    const { speed } = scenario;
    const rate = scenario.rate === 'bus' ? SPEEDS[speed].bulkRate : scenario.rate;
    const controller = new HostController(clock);
    this.#loan = new MemoryBudget(scenario.memory);
    const socket = (path: string, gadget: Gadget) =>
      new Port(path, gadget, controller, this.#loan, rate, () => this.#takeAddress());
    const unplug = (duration: number) => {
      this.unplug('1-1');
      if (Number.isFinite(duration)) {
        clock.after(duration, () => this.replug('1-1'));
      }
    };
    this.#sockets.push(socket('1-1', createCounterGadget({ scenario, clock, unplug, onOut })));
    this.#sockets.push(socket('1-2', createLoopbackGadget(speed)));
  }

  async list(): Promise<DeviceInfo[]> {
    return this.#sockets.flatMap(({ plug }) => (plug === undefined ? [] : [plug.info]));
  }

  /** Nobody needs a right to use what is simulated, and no driver does. */
  async inspect(): Promise<DeviceState> {
    return { accessible: true, node: undefined, interfaces: [] };
  }

  async descriptors(info: DeviceInfo): Promise<DescriptorBytes> {
    const { descriptorBytes } = await import('./gadgets/descriptors.js');
    return { descriptors: descriptorBytes(this.#plugOf(info).info), bos: undefined };
  }

  async open(info: DeviceInfo): Promise<Device> {
    return new VirtualDevice(this.#plugOf(info));
  }

  async transferMemory(): Promise<TransferMemory | undefined> {
    return this.#loan.memory;
  }

  /** Pulls the plug of the device at a port, if it is in. */
  unplug(path: string): void {
    this.#socket(path).unplug();
  }

  /** Puts the plug of the device at a port back in, under a new address, if it is out. */
  replug(path: string): void {
    this.#socket(path).replug();
  }

  #plugOf({ path, address }: DeviceInfo): Attachment {
    const plug = this.#sockets.find((socket) => socket.path === path)?.plug;
    if (plug === undefined || plug.info.address !== address) {
      throw new UsbError('no-device', `there is no device at ${path} with address ${address}`);
    }
    return plug;
  }

  #socket(path: string): Port {
    const socket = this.#sockets.find((candidate) => candidate.path === path);
    if (socket === undefined) {
      throw new UsbError('not-found', `the virtual bus has no port ${path}`);
    }
    return socket;
  }

  /** The next free address round the bus, as Linux chooses: an old one is not met again soon. */
  #takeAddress(): number {
    const taken = new Set(this.#sockets.map(({ plug }) => plug?.info.address));
    let address: number;
    do {
      address = this.#nextAddress;
      this.#nextAddress = address === LAST_ADDRESS ? FIRST_ADDRESS : address + 1;
    } while (taken.has(address));
    return address;
  }
}
