import { type DeviceEvent, SimulatedBackend } from '../simulation/backend.js';
import { type Clock, systemClock } from '../simulation/bus/clock.js';
import { SPEEDS } from '../simulation/bus/speed.js';
import type { OnOut } from './gadgets/counter.js';
import { createCounterGadget, createLoopbackGadget } from './gadgets/gadgets.js';
import { DEFAULT_SCENARIO, type Fault, type Scenario } from './scenario.js';

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

/**
 * A bus of simulated devices. Two are plugged in:
 *
 * - 1234:5678 at 1-1, the counter: EP 0x82 IN sends the 32-bit words 0, 1, 2 and so on, little-endian;
 *   a new handle continues the sequence. EP 0x02 OUT accepts any data. Messages and faults of a
 *   scenario apply to EP 0x82, and faults with the prefix `out-` to EP 0x02. EP 0x84 IN and EP 0x04
 *   OUT in alternate setting 1 are interrupt endpoints. A scenario may give it a second configuration.
 *   `CounterRequests` documents its control requests.
 * - 1234:5679 at 1-2, the loopback: EP 0x81 IN returns what EP 0x01 OUT accepts, packet by packet.
 */
export class VirtualBackend extends SimulatedBackend {
  readonly name = 'virtual';

  constructor({
    scenario = DEFAULT_SCENARIO,
    clock = systemClock,
    onOut,
  }: VirtualBackendOptions = {}) {
    const { speed, cancelKeepsData, memory, pause } = scenario;
    super({ clock, cancelKeepsData, memory, pause });
    const rate = scenario.rate === 'bus' ? SPEEDS[speed].bulkRate : scenario.rate;
    const onEvent = ({ kind, duration }: Fault<DeviceEvent>) => this.happen('1-1', kind, duration);
    if (scenario.replug !== undefined) {
      const unplug = { kind: 'unplug', offset: 0, duration: REPLUG_PAUSE } as const;
      clock.after(scenario.replug, () => onEvent(unplug));
    }
    this.plugIn('1-1', createCounterGadget({ scenario, clock, onEvent, onOut }), rate);
    this.plugIn('1-2', createLoopbackGadget(speed), rate);
    for (const address of scenario.startHalted ? [0x82, 0x02] : []) {
      this.port('1-1').attachment?.pipes.get(address)?.halt();
    }
  }
}
