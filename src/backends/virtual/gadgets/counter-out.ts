import type { Clock } from '../bus/clock.js';
import { FaultList, type OutFaultKind, type Scenario } from '../scenario.js';
import {
  type EndpointFunction,
  type Handshake,
  type TransferBuffer,
  wholePackets,
} from './endpoint.js';

/**
 * Told of each piece that the device acknowledged, in order.
 *
 * @param bytes valid during the call only
 * @param endsMessage whether a packet shorter than wMaxPacketSize, perhaps empty, was its last
 */
export type OnOut = (bytes: Buffer, endsMessage: boolean) => void;

export interface CounterSinkOptions {
  readonly scenario: Scenario;
  readonly clock: Clock;
  /** Bytes in a full packet. */
  readonly packetSize: number;
  /** Pulls the device's plug, and puts it back after a time in milliseconds unless that is Infinity. */
  readonly unplug: (duration: number) => void;
  readonly onOut?: OnOut | undefined;
}

/**
 * The device's end of a bulk OUT pipe that takes everything, up to the faults of the scenario. Every
 * offset counts bytes that were taken. A packet is taken whole or not at all: a fault that lies
 * within one happens in front of it.
 */
export class CounterOut implements EndpointFunction {
  size = 0;
  readyAt = Number.POSITIVE_INFINITY;
  readonly packetSize: number;
  readonly ahead = Number.POSITIVE_INFINITY;

  readonly #clock: Clock;
  readonly #unplug: (duration: number) => void;
  readonly #onOut: OnOut | undefined;
  readonly #faults: FaultList<OutFaultKind>;
  #position = 0;
  #silent = false;

  /** Where the bytes of the last answer are. */
  #memory: TransferBuffer | undefined;
  #start = 0;

  constructor({ scenario, clock, packetSize, unplug, onOut }: CounterSinkOptions) {
    this.#clock = clock;
    this.packetSize = packetSize;
    this.#unplug = unplug;
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
    const most = Math.min(limit, ahead);
    this.size = rest <= most ? rest : wholePackets(most, this.packetSize);
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
    // Needs no transfer to happen, as all others do.
    const unplug = this.#faults.offset === this.#position ? this.#faults.take('unplug') : undefined;
    if (unplug !== undefined) {
      this.#unplug(unplug.duration);
    }
  }

  powerOn(): void {
    this.#silent = false;
  }

  #fault(): Handshake {
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
      case 'unplug':
        this.#unplug(fault.duration);
        return 'nak';
    }
  }
}

/** The device's end of an OUT pipe that takes everything and keeps nothing. */
export class DiscardingEndpoint implements EndpointFunction {
  size = 0;
  readonly ahead = Number.POSITIVE_INFINITY;
  readonly readyAt = Number.POSITIVE_INFINITY;
  readonly packetSize: number;

  /** @param packetSize bytes in a full packet */
  constructor(packetSize: number) {
    this.packetSize = packetSize;
  }

  transact(transfer: TransferBuffer, limit: number): Handshake {
    const rest = transfer.length - transfer.actualLength;
    this.size = rest <= limit ? rest : wholePackets(limit, this.packetSize);
    return rest === 0 ? 'end' : 'data';
  }

  acknowledge(): void {}

  powerOn(): void {}
}
