import type { Clock } from '../../simulation/bus/clock.js';
import {
  type EndpointFunction,
  type Handshake,
  type TransferBuffer,
  wholePackets,
} from '../../simulation/gadget/endpoint.js';
import { FaultList, type OutFaultKind } from '../scenario.js';
import type { CounterOptions, OnOut } from './counter.js';

/**
 * An OUT endpoint that accepts all data except at its faults. Offsets count accepted bytes. A packet is
 * accepted as a whole or not at all: a fault within a packet happens before it.
 */
export class CounterOut implements EndpointFunction {
  size = 0;
  readyAt = Number.POSITIVE_INFINITY;
  readonly packetSize: number;
  readonly ahead = Number.POSITIVE_INFINITY;

  readonly #clock: Clock;
  readonly #onEvent: CounterOptions['onEvent'];
  readonly #onOut: OnOut | undefined;
  readonly #faults: FaultList<OutFaultKind>;
  #position = 0;
  #silent = false;

  /** The memory of the last transaction. */
  #memory: TransferBuffer | undefined;
  #start = 0;

  constructor({ scenario, clock, packetSize, onEvent, onOut }: CounterOptions) {
    this.#clock = clock;
    this.packetSize = packetSize;
    this.#onEvent = onEvent;
    this.#onOut = onOut;
    this.#faults = new FaultList(scenario.outFaults);
  }

  transact(transfer: TransferBuffer, limit: number): Handshake {
    this.size = 0;
    if (this.#silent && this.#clock.now() < this.readyAt) {
      return 'nak';
    }
    this.#silent = false;
    const rest = transfer.length - transfer.actualLength;
    const ahead = this.#faults.offset - this.#position;
    if (ahead === 0 || ahead < Math.min(rest, this.packetSize)) {
      return this.#fault();
    }
    const max = Math.min(limit, ahead);
    this.size = rest <= max ? rest : wholePackets(max, this.packetSize);
    this.#memory = transfer;
    this.#start = transfer.actualLength;
    return rest === 0 ? 'end' : 'data';
  }

  acknowledge(): void {
    const { size } = this;
    this.#position += size;
    if (this.#onOut !== undefined && this.#memory !== undefined) {
      const endsMessage = size === 0 || size % this.packetSize !== 0;
      this.#onOut(this.#memory.buffer.subarray(this.#start, this.#start + size), endsMessage);
    }
    if (this.#faults.offset === this.#position) {
      this.#takeDeviceEvent();
    }
  }

  powerOn(): void {
    this.#silent = false;
  }

  /** Takes the next fault if it is an event of the device. Unlike other faults, it needs no transfer. */
  #takeDeviceEvent(): boolean {
    const event = this.#faults.takeDeviceEvent();
    if (event !== undefined) {
      this.#onEvent(event);
    }
    return event !== undefined;
  }

  #fault(): Handshake {
    if (this.#takeDeviceEvent()) {
      return 'nak';
    }
    const fault = this.#faults.take();
    switch (fault?.kind) {
      case undefined:
        return 'nak';
      case 'stall':
      case 'error':
        return fault.kind;
      case 'silence':
        this.#silent = true;
        this.readyAt = this.#clock.now() + fault.duration;
        return 'nak';
      default: // an event of the device, taken above
        return 'nak';
    }
  }
}
