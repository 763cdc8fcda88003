import type { Clock } from '../bus/clock.js';
import {
  createRandom,
  type Fault,
  FaultList,
  type InFaultKind,
  type Scenario,
} from '../scenario.js';
import type { Runnable } from './control.js';
import { type CounterOptions, fillCounter } from './counter.js';
import {
  type EndpointFunction,
  type Handshake,
  type TransferBuffer,
  wholePackets,
} from './endpoint.js';

/**
 * A bulk IN endpoint that sends the counter: an endless stream, cut by the ends of messages and the
 * faults of the scenario. Offsets count bytes of the stream.
 *
 * Between two cuts, all packets are full, except that a short packet may precede a cut. It ends the
 * message, and the next packet continues after it.
 */
export class CounterIn implements EndpointFunction, Runnable {
  size = 0;
  readonly packetSize: number;
  /** Whether the stream runs. While it is stopped, the endpoint NAKs; it resumes where it stopped. */
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

  /** The bytes that the next `acknowledge` removes from the stream, and whether they end a message. */
  #pending = 0;
  #ending = false;

  constructor({ scenario, clock, packetSize, unplug }: CounterOptions) {
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
    this.#position += this.#pending;
    if (this.#ending) {
      this.#takeFault('short'); // a `short` fault does nothing but end the message
      this.#startMessage();
    }
    this.#pending = 0;
    this.#ending = false;
    const unplug = this.#takeFault('unplug'); // unlike all others, this fault needs no transfer
    if (unplug !== undefined) {
      this.#unplug(unplug.duration);
    }
  }

  powerOn(): void {
    this.running = !this.#startsByRequest;
    this.#silent = false;
    this.#startMessage();
  }

  /** Handles the end of a message or a fault. */
  #cut(): Handshake {
    if (this.#messageEnd === this.#position && this.#messageStart < this.#position) {
      return this.#send(0, true); // the message was a multiple of the packet size
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
    this.#pending = bytes;
    this.#ending = ending;
    return ending ? 'end' : 'data';
  }

  /** Loses the next packet. */
  #babble(): Handshake {
    this.#pending = Math.min(this.ahead, this.packetSize);
    this.#ending = this.#pending < this.packetSize;
    return 'babble';
  }

  #startMessage(): void {
    this.#messageStart = this.#position;
    this.#messageEnd = this.#position + this.#nextMessageSize();
  }

  /** Takes the fault at the current position, if there is one of this kind. */
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
