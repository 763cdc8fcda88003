import type { Clock } from '../../simulation/bus/clock.js';
import {
  type EndpointFunction,
  type Handshake,
  type TransferBuffer,
  wholePackets,
} from '../../simulation/gadget/endpoint.js';
import {
  createRandom,
  type Fault,
  FaultList,
  type InFaultKind,
  type Scenario,
} from '../scenario.js';
import type { Runnable } from './control.js';
import { type CounterOptions, fillCounter } from './counter.js';

/** What a packet header of the scenario starts with; the rest is zeros. FTDI chips send these bytes. */
const HEADER = [0x01, 0x60];

/**
 * A bulk IN endpoint that sends the counter: an endless stream, cut by the ends of messages and the
 * faults of the scenario. Offsets count bytes of the stream, without packet headers.
 *
 * Between two cuts, all packets are full, except that a short packet may precede a cut. It ends the
 * message, and the next packet continues after it.
 */
export class CounterIn implements EndpointFunction, Runnable {
  size = 0;
  readonly packetSize: number;

  readonly #clock: Clock;
  readonly #onEvent: CounterOptions['onEvent'];
  readonly #nextMessageSize: () => number;
  readonly #faults: FaultList<InFaultKind>;
  readonly #startsByPower: boolean;
  readonly #header: Uint8Array;
  /** Bytes of the stream in a full packet. */
  readonly #payloadSize: number;
  readonly #hangEvery: number;
  readonly #bufferSize: number;

  #running: boolean;
  /** The bytes of an earlier run that come first, and those in the next packets. */
  #stale: number;
  #pendingStale = 0;
  /** The bytes that follow a stop; undefined for none. */
  #rest: number | undefined;
  #position = 0;
  /** Where the stream hangs next, or hangs now. */
  #hangAt: number;
  #messageStart = 0;
  #messageEnd: number;
  #silent = false;
  #silentUntil = Number.POSITIVE_INFINITY;

  /** The bytes that the next `acknowledge` removes from the stream, and whether they end a message. */
  #pending = 0;
  #ending = false;

  constructor({ scenario, clock, packetSize, onEvent }: CounterOptions) {
    this.#clock = clock;
    this.packetSize = packetSize;
    this.#onEvent = onEvent;
    this.#nextMessageSize = messageSizes(scenario);
    this.#faults = new FaultList(scenario.faults);
    this.#startsByPower = scenario.start === 'power';
    this.#header = new Uint8Array(scenario.packetHeader);
    this.#header.set(HEADER.slice(0, scenario.packetHeader));
    this.#payloadSize = packetSize - scenario.packetHeader;
    this.#hangEvery = scenario.hangEvery;
    this.#hangAt = scenario.hangEvery;
    this.#bufferSize = scenario.stale;
    this.#stale = scenario.stale;
    this.#running = this.#startsByPower;
    this.#messageEnd = this.#nextMessageSize();
  }

  /**
   * Whether the stream runs. While it is stopped, the endpoint sends the bytes that it had buffered, and
   * then NAKs; it resumes where it stopped.
   */
  get running(): boolean {
    return this.#running;
  }

  set running(running: boolean) {
    const stops = this.#running && !running && this.#bufferSize > 0;
    this.#rest = stops ? this.#bufferSize : running ? undefined : this.#rest;
    this.#running = running;
  }

  get ahead(): number {
    if (this.#stale > 0) {
      return this.#stale;
    }
    const left = this.#left;
    const packets = Number.isFinite(left) ? Math.ceil(left / this.#payloadSize) : 0;
    return left + packets * this.#header.length;
  }

  /** The bytes of the stream before the next cut. */
  get #left(): number {
    const cut = Math.min(this.#messageEnd, this.#faults.offset, this.#hangAt) - this.#position;
    return Math.min(cut, this.#rest ?? cut);
  }

  get readyAt(): number {
    return this.#mayBeReady ? this.#silentUntil : Number.POSITIVE_INFINITY;
  }

  transact(transfer: TransferBuffer, limit: number): Handshake {
    this.size = 0;
    if (this.#stale > 0) {
      return this.#sendStale(transfer, limit);
    }
    if (!this.#mayBeReady || (this.#silent && this.#clock.now() < this.#silentUntil)) {
      return 'nak';
    }
    this.#silent = false;
    const left = this.#left;
    if (left === 0) {
      return this.#rest === 0 ? this.#sendShort(transfer, 0) : this.#cut(transfer, limit);
    }
    const room = transfer.length - transfer.actualLength;
    if (Math.min(left, this.#payloadSize) + this.#header.length > room) {
      return this.#babble();
    }
    if (left < this.#payloadSize) {
      return this.#sendShort(transfer, left);
    }
    const bytes = this.#fillPackets(transfer, left, Math.min(room, limit));
    return this.#send(bytes, false);
  }

  /**
   * Writes full packets to a transfer.
   *
   * @param left bytes of the stream to write, at most
   * @param room bytes in the transfer, at least one packet
   * @returns the bytes of the stream that were written
   */
  #fillPackets(
    { buffer, words, actualLength }: TransferBuffer,
    left: number,
    room: number,
  ): number {
    if (this.#header.length === 0) {
      this.size = wholePackets(Math.min(left, room), this.packetSize);
      fillCounter(buffer, words, actualLength, actualLength + this.size, this.#position);
      return this.size;
    }
    const packets = Math.floor(Math.min(left / this.#payloadSize, room / this.packetSize));
    for (let i = 0; i < packets; i += 1) {
      const start = actualLength + i * this.packetSize;
      const position = this.#position + i * this.#payloadSize;
      buffer.set(this.#header, start);
      fillCounter(buffer, words, start + this.#header.length, start + this.packetSize, position);
    }
    this.size = packets * this.packetSize;
    return packets * this.#payloadSize;
  }

  /** Sends a short packet with these bytes of the stream, which may be none. It has room. */
  #sendShort({ buffer, words, actualLength }: TransferBuffer, bytes: number): Handshake {
    const start = actualLength + this.#header.length;
    buffer.set(this.#header, actualLength);
    fillCounter(buffer, words, start, start + bytes, this.#position);
    this.size = this.#header.length + bytes;
    return this.#send(bytes, true);
  }

  /** Sends bytes of an earlier run: full packets, or a short one at their end. */
  #sendStale({ buffer, length, actualLength }: TransferBuffer, limit: number): Handshake {
    const room = length - actualLength;
    this.#pendingStale = Math.min(this.#stale, this.packetSize);
    if (this.#pendingStale > room) {
      return 'babble';
    }
    const isShort = this.#stale < this.packetSize;
    this.#pendingStale = isShort
      ? this.#stale
      : wholePackets(Math.min(this.#stale, room, limit), this.packetSize);
    this.size = this.#pendingStale;
    buffer.fill(0xff, actualLength, actualLength + this.size);
    return isShort ? 'end' : 'data';
  }

  acknowledge(): void {
    if (this.#pendingStale > 0) {
      this.#stale -= this.#pendingStale;
      this.#pendingStale = 0;
      return;
    }
    this.#position += this.#pending;
    if (this.#rest !== undefined) {
      this.#rest = this.#ending ? undefined : this.#rest - this.#pending;
    }
    if (this.#ending) {
      this.#takeFault('short'); // a `short` fault does nothing but end the message
      this.#startMessage();
    }
    this.#pending = 0;
    this.#ending = false;
    this.#takeDeviceEvent();
  }

  powerOn(): void {
    this.#running = this.#startsByPower;
    this.#stale = 0;
    this.#rest = undefined;
    this.#silent = false;
    this.restart();
    this.#startMessage();
  }

  /** Ends a hang. The stream continues after the packet that was lost. */
  restart(): void {
    if (this.#hangs) {
      this.#losePacket();
      this.#hangAt = this.#position + this.#hangEvery;
      this.#startMessage();
    }
  }

  /** Removes a packet from the stream: up to the next fault, at most. */
  #losePacket(): void {
    this.#position += Math.min(this.#payloadSize, this.#faults.offset - this.#position);
  }

  get #mayBeReady(): boolean {
    return (this.#running || this.#rest !== undefined) && !this.#hangs;
  }

  get #hangs(): boolean {
    return this.#position === this.#hangAt;
  }

  /** Handles the end of a message or a fault. */
  #cut(transfer: TransferBuffer, limit: number): Handshake {
    if (transfer.length - transfer.actualLength < this.#header.length) {
      return 'babble'; // nothing of the stream is lost
    }
    if (this.#messageEnd === this.#position && this.#messageStart < this.#position) {
      return this.#sendShort(transfer, 0); // the message was a multiple of the packet size
    }
    if (this.#takeDeviceEvent()) {
      return 'nak';
    }
    const fault = this.#takeFault();
    switch (fault?.kind) {
      case undefined: // an empty message
      case 'short':
        return this.#sendShort(transfer, 0);
      case 'zlp':
        return this.#send(0, true);
      case 'stall':
      case 'error':
        return fault.kind;
      case 'babble':
        return this.#babble();
      case 'drop':
        this.#losePacket();
        this.#messageEnd = Math.max(this.#messageEnd, this.#position);
        return this.transact(transfer, limit);
      case 'silence':
        this.#silent = true;
        this.#silentUntil = this.#clock.now() + fault.duration;
        return 'nak';
      default: // an event of the device, taken above
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
    this.#pending = Math.min(this.#left, this.#payloadSize);
    this.#ending = this.#pending < this.#payloadSize;
    return 'babble';
  }

  #startMessage(): void {
    this.#messageStart = this.#position;
    this.#messageEnd = this.#position + this.#nextMessageSize();
  }

  /** Takes an event of the device at the current position. Unlike other faults, it needs no transfer. */
  #takeDeviceEvent(): boolean {
    const event =
      this.#faults.offset === this.#position ? this.#faults.takeDeviceEvent() : undefined;
    if (event !== undefined) {
      this.#onEvent(event);
    }
    return event !== undefined;
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
