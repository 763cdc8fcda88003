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
import { VirtualDevice } from './device.js';
import type { OnOut } from './gadgets/counter.js';
import { descriptorBytes } from './gadgets/descriptors.js';
import { createCounterGadget, createLoopbackGadget, type Gadget } from './gadgets/gadget.js';
import { DEFAULT_SCENARIO, type DeviceEvent, type Fault, type Scenario } from './scenario.js';

interface VirtualBackendOptions {
  /** The behaviour of the devices; `DEFAULT_SCENARIO` by default. */
  readonly scenario?: Scenario;
  /** The clock of the bus; by default, that of this machine. */
  readonly clock?: Clock;
  /** Called with the data that EP 0x02 OUT of the counter accepts. */
  readonly onOut?: OnOut;
}

/** Milliseconds during which the counter is away with the scenario clause `replug`. */
const REPLUG_PAUSE = 100;

/** Address 1 belongs to the root hub. */
const FIRST_ADDRESS = 2;
const LAST_ADDRESS = 127;

/**
 * A bus of simulated devices with the flow control of a real one: data that the host does not request
 * stays in the device. Two devices are plugged in:
 *
 * - 1234:5678 at 1-1, the counter: EP 0x82 IN sends the 32-bit words 0, 1, 2 and so on, little-endian;
 *   a new handle continues the sequence. EP 0x02 OUT accepts any data. Messages and faults of a
 *   scenario apply to EP 0x82, and faults with the prefix `out-` to EP 0x02. EP 0x84 IN and EP 0x04
 *   OUT in alternate setting 1 are interrupt endpoints. A scenario may give it a second configuration.
 *   `CounterRequests` documents its control requests.
 * - 1234:5679 at 1-2, the loopback: EP 0x81 IN returns what EP 0x01 OUT accepts, packet by packet.
 */
export class VirtualBackend implements Backend {
  readonly name = 'virtual';
  readonly #ports: Port[] = [];
  readonly #memory: MemoryBudget;
  #nextAddress = FIRST_ADDRESS;

  constructor({
    scenario = DEFAULT_SCENARIO,
    clock = systemClock,
    onOut,
  }: VirtualBackendOptions = {}) {
    const { speed } = scenario;
    const rate = scenario.rate === 'bus' ? SPEEDS[speed].bulkRate : scenario.rate;
    const controller = new HostController(clock, scenario.cancelKeepsData);
    const memory = new MemoryBudget(scenario.memory);
    this.#memory = memory;
    const plugIn = (path: string, gadget: Gadget) =>
      this.#ports.push(new Port(path, gadget, controller, memory, rate, () => this.#takeAddress()));
    const onEvent = ({ kind, duration }: Fault<DeviceEvent>) => {
      const undo = this.#happen('1-1', kind);
      if (undo !== undefined && Number.isFinite(duration)) {
        clock.after(duration, undo);
      }
    };
    if (scenario.replug !== undefined) {
      const unplug = { kind: 'unplug', offset: 0, duration: REPLUG_PAUSE } as const;
      clock.after(scenario.replug, () => onEvent(unplug));
    }
    plugIn('1-1', createCounterGadget({ scenario, clock, onEvent, onOut }));
    plugIn('1-2', createLoopbackGadget(speed));
    for (const address of scenario.startHalted ? [0x82, 0x02] : []) {
      this.#port('1-1').attachment?.pipes.get(address)?.halt();
    }
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
    return { descriptors: descriptorBytes(this.#attachmentOf(info).info), bos: undefined };
  }

  async open(info: DeviceInfo): Promise<Device> {
    return new VirtualDevice(this.#attachmentOf(info));
  }

  async transferMemory(): Promise<TransferMemory | undefined> {
    return this.#memory.memory;
  }

  /** Unplugs the device at a port, unless it is unplugged already. */
  unplug(path: string): void {
    this.#port(path).unplug();
  }

  /** Plugs the device at a port in again, with a new address, unless it is plugged in. */
  replug(path: string): void {
    this.#port(path).replug();
  }

  /** Lets the system deauthorize the device at a port, or authorize it again. */
  authorize(path: string, isAuthorized: boolean): void {
    this.#port(path).authorize(isAuthorized);
  }

  /** Resets the device at a port as another process would: claimed interfaces are lost. */
  resetByOther(path: string): void {
    this.#port(path).resetByOther();
  }

  /** Makes an event of a device happen. Returns what undoes it; undefined if nothing does. */
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

  #attachmentOf({ path, address }: DeviceInfo): Attachment {
    const attachment = this.#ports.find((port) => port.path === path)?.attachment;
    if (attachment === undefined || attachment.info.address !== address) {
      throw new UsbError('no-device', `there is no device at ${path} with address ${address}`);
    }
    return attachment;
  }

  #port(path: string): Port {
    const port = this.#ports.find((candidate) => candidate.path === path);
    if (port === undefined) {
      throw new UsbError('not-found', `the virtual bus has no port ${path}`);
    }
    return port;
  }

  /** Takes the next free address, as Linux does, so that an address is not reused soon. */
  #takeAddress(): number {
    const taken = new Set(this.#ports.map(({ attachment }) => attachment?.info.address));
    let address: number;
    do {
      address = this.#nextAddress;
      this.#nextAddress = address === LAST_ADDRESS ? FIRST_ADDRESS : address + 1;
    } while (taken.has(address));
    return address;
  }
}
