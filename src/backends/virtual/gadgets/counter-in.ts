import type { Clock } from '../bus/clock.js';
import {
  createRandom,
  type Fault,
  FaultList,
  type InFaultKind,
  type Scenario,
} from '../scenario.js';
import type { Runnable } from './control.js';
import { fillCounter } from './counter.js';
import {
  type EndpointFunction,
  type Handshake,
  type TransferBuffer,
  wholePackets,
} from './endpoint.js';

export interface CounterSourceOptions {
  readonly scenario: Scenario;
  readonly clock: Clock;
  /** Bytes in a full packet. */
  readonly packetSize: number;
  /** Pulls the device's plug, and puts it back after a time in milliseconds unless that is Infinity. */
  readonly unplug: (duration: number) => void;
}

/**
 * The device's end of a bulk IN pipe that sends counters: an endless stream, cut into packets by
 * the ends of messages and by the faults of the scenario. Every offset counts bytes of the stream.
 *
 * Between two such cuts lie full packets only, and before a cut a shorter one if need be: it ends
 * the message, and the next packet starts behind it.
 */
export class CounterIn implements EndpointFunction, Runnable {
  size = 0;
  readonly packetSize: number;
  /** Whether it sends: while it does not, it NAKs, and goes on afterwards where it stopped. */
  running: boolean;

  readonly #clock: Clock;
  readonly #unplug: (duration: number) => void;
  readonly #nextMessageSize: () => number;
  readonly #faults: FaultList<InFaultKind>;
  readonly #startsByRequest: boolean;

  #position = 0;
  #messageStart = 0;
  #messageEnd: number;
  #silent = false;
  #silentUntil = Number.POSITIVE_INFINITY;

  /** Bytes that leave the stream, and whether the message ends, once the host acknowledges. */
  #leaving = 0;
  #ending = false;

  constructor({ scenario, clock, packetSize, unplug }: CounterSourceOptions) {
    this.#clock = clock;
    this.packetSize = packetSize;
    this.#unplug = unplug;
    this.#nextMessageSize = messageSizes(scenario);
    this.#faults = new FaultList(scenario.faults);
    this.#startsByRequest = scenario.startByRequest;
    this.running = !scenario.startByRequest;
    this.#messageEnd = this.#nextMessageSize();
  }

  get ahead(): number {
    return Math.min(this.#messageEnd, this.#faults.offset) - this.#position;
  }

  get readyAt(): number {
    return this.running ? this.#silentUntil : Number.POSITIVE_INFINITY;
  }

  transact(transfer: TransferBuffer, limit: number): Handshake {
    this.size = 0;
    if (!this.running || (this.#silent && this.#clock.now() < this.#silentUntil)) {
      return 'nak';
    }
    this.#silent = false;
    const { ahead } = this;
    if (ahead === 0) {
      return this.#cut();
    }
    const room = transfer.length - transfer.actualLength;
    if (Math.min(ahead, this.packetSize) > room) {
      return this.#babble();
    }
    const short = ahead < this.packetSize;
    this.size = short ? ahead : wholePackets(Math.min(ahead, room, limit), this.packetSize);
    const { buffer, words, actualLength } = transfer;
    fillCounter(buffer, words, actualLength, actualLength + this.size, this.#position);
    return this.#send(this.size, short);
  }

  acknowledge(): void {
    this.#position += this.#leaving;
    if (this.#ending) {
      this.#takeFault('short'); // it wanted no more than this
      this.#startMessage();
    }
    this.#leaving = 0;
    this.#ending = false;
    const unplug = this.#takeFault('unplug'); // needs no transfer to happen, as all others do
    if (unplug !== undefined) {
      this.#unplug(unplug.duration);
    }
  }

  powerOn(): void {
    this.running = !this.#startsByRequest;
    this.#silent = false;
    this.#startMessage();
  }

  /** What happens where a message ends or a fault lies. */
  #cut(): Handshake {
    if (this.#messageEnd === this.#position && this.#messageStart < this.#position) {
      return this.#send(0, true); // it was a multiple of the packet size
    }
    const fault = this.#takeFault();
    switch (fault?.kind) {
      case undefined: // an empty message
      case 'short':
      case 'zlp':
        return this.#send(0, true);
      case 'stall':
      case 'error':
        return fault.kind;
      case 'babble':
        return this.#babble();
      case 'silence':
        this.#silent = true;
        this.#silentUntil = this.#clock.now() + fault.duration;
        return 'nak';
      case 'unplug':
        this.#unplug(fault.duration);
        return 'nak';
    }
  }

  #send(bytes: number, ending: boolean): Handshake {
    this.#leaving = bytes;
    this.#ending = ending;
    return ending ? 'end' : 'data';
  }

  /** Loses the next packet. */
  #babble(): Handshake {
    this.#leaving = Math.min(this.ahead, this.packetSize);
    this.#ending = this.#leaving < this.packetSize;
    return 'babble';
  }

  #startMessage(): void {
    this.#messageStart = this.#position;
    this.#messageEnd = this.#position + this.#nextMessageSize();
  }

  /** Takes the fault that is due, if there is one, and of the kind. */
  #takeFault(kind?: InFaultKind): Fault<InFaultKind> | undefined {
    return this.#faults.offset === this.#position ? this.#faults.take(kind) : undefined;
  }
}

function messageSizes({ message, seed }: Scenario): () => number {
  if (message === undefined) {
    return () => Number.POSITIVE_INFINITY;
  }
  const { min, max } = message;
  const random = createRandom(seed);
  return min === max ? () => min : () => min + Math.floor(random() * (max - min + 1));
}
