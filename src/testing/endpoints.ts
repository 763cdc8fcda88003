import type { DeviceEvent } from '../backends/simulation/backend.js';
import type { Clock } from '../backends/simulation/bus/clock.js';
import {
  type EndpointFunction,
  type Handshake,
  type TransferBuffer,
  wholePackets,
} from '../backends/simulation/gadget/endpoint.js';
import { type Fault, FaultList, type InFaultKind } from '../backends/virtual/scenario.js';
import type { EndpointDefinition } from './definition.js';

/** The bus and the device of an endpoint. */
export interface EndpointContext {
  readonly packetSize: number;
  readonly clock: Clock;
  /** Makes an event of the device happen. */
  readonly onEvent: (event: Fault<DeviceEvent>) => void;
}

/** What both directions have in common: the position in the stream, and its faults. */
abstract class TestEndpoint implements EndpointFunction {
  size = 0;
  readonly ahead = Number.POSITIVE_INFINITY;
  readonly packetSize: number;
  readonly #clock: Clock;
  readonly #onEvent: EndpointContext['onEvent'];
  readonly #faults: FaultList<InFaultKind>;
  #silentUntil = 0;
  /** The bytes that have moved. */
  protected position = 0;

  constructor({ faults = [] }: EndpointDefinition, context: EndpointContext) {
    this.packetSize = context.packetSize;
    this.#clock = context.clock;
    this.#onEvent = context.onEvent;
    this.#faults = new FaultList(
      faults
        .map(({ duration = Number.POSITIVE_INFINITY, ...fault }) => ({ ...fault, duration }))
        .sort((a, b) => a.offset - b.offset),
    );
  }

  get readyAt(): number {
    return this.#silentUntil > this.#clock.now() ? this.#silentUntil : Number.POSITIVE_INFINITY;
  }

  transact(transfer: TransferBuffer, limit: number): Handshake {
    this.size = 0;
    if (this.#clock.now() < this.#silentUntil) {
      return 'nak';
    }
    const packet = this.nextPacket(transfer);
    if (packet === undefined) {
      return 'nak';
    }
    const left = this.#faults.offset - this.position;
    if (left < Math.max(packet, 1)) {
      return this.#fail();
    }
    return this.move(transfer, Math.min(limit, wholePackets(left, this.packetSize) || packet));
  }

  abstract acknowledge(): void;

  powerOn(): void {
    this.#silentUntil = 0;
  }

  /** Returns the bytes of the next packet; undefined if the endpoint is not ready. */
  protected abstract nextPacket(transfer: TransferBuffer): number | undefined;

  /** Moves packets of up to `limit` bytes together, at least the next one. */
  protected abstract move(transfer: TransferBuffer, limit: number): Handshake;

  /** Loses the next packet. */
  protected abstract lose(): void;

  #fail(): Handshake {
    const event = this.#faults.takeDeviceEvent();
    if (event !== undefined) {
      this.#onEvent(event);
      return 'nak';
    }
    const fault = this.#faults.take();
    switch (fault?.kind) {
      case 'stall':
      case 'error':
        return fault.kind;
      case 'babble':
        this.lose();
        return 'babble';
      default:
        this.#silentUntil = this.#clock.now() + (fault?.duration ?? 0);
        return 'nak';
    }
  }
}

/** An IN endpoint, which sends messages. */
export class TestInEndpoint extends TestEndpoint {
  readonly #next: () => Uint8Array | undefined;
  readonly #messages: Uint8Array[] = [];
  /** The bytes of the first message that were sent, and those of the current transaction. */
  #sent = 0;
  #pending = 0;

  constructor(definition: EndpointDefinition, context: EndpointContext) {
    super(definition, context);
    this.#next = definition.send ?? (() => undefined);
  }

  /** Adds a message. It is copied. */
  send(message: Uint8Array): void {
    this.#messages.push(Uint8Array.from(message));
  }

  override powerOn(): void {
    super.powerOn();
    this.#messages.length = 0;
    this.#sent = 0;
  }

  acknowledge(): void {
    this.position += this.#pending;
    this.#sent += this.#pending;
    this.#pending = 0;
    const [message] = this.#messages;
    if (message !== undefined && this.#sent === message.length) {
      this.#messages.shift();
      this.#sent = 0;
    }
  }

  protected nextPacket(): number | undefined {
    if (this.#messages.length === 0) {
      const message = this.#next();
      if (message === undefined) {
        return undefined;
      }
      this.send(message);
    }
    return Math.min(this.#left, this.packetSize);
  }

  protected move({ buffer, length, actualLength }: TransferBuffer, limit: number): Handshake {
    const room = length - actualLength;
    const packet = Math.min(this.#left, this.packetSize);
    if (packet > room) {
      this.lose();
      return 'babble';
    }
    const isShort = packet < this.packetSize;
    const bytes = isShort ? packet : wholePackets(Math.min(this.#left, room, limit), packet);
    const [message = new Uint8Array(0)] = this.#messages;
    buffer.set(message.subarray(this.#sent, this.#sent + bytes), actualLength);
    this.#pending = bytes;
    this.size = bytes;
    return isShort ? 'end' : 'data';
  }

  protected lose(): void {
    this.#pending = Math.min(this.#left, this.packetSize);
  }

  get #left(): number {
    return (this.#messages[0]?.length ?? 0) - this.#sent;
  }
}

/** An OUT endpoint, which passes on what it accepts. */
export class TestOutEndpoint extends TestEndpoint {
  readonly #receive: (data: Buffer) => void;
  #pending: Buffer | undefined;

  constructor(definition: EndpointDefinition, context: EndpointContext) {
    super(definition, context);
    this.#receive = definition.receive ?? (() => {});
  }

  acknowledge(): void {
    const data = this.#pending;
    this.#pending = undefined;
    if (data !== undefined) {
      this.position += data.length;
      this.#receive(data);
    }
  }

  protected nextPacket({ length, actualLength }: TransferBuffer): number {
    return Math.min(length - actualLength, this.packetSize);
  }

  protected move({ buffer, length, actualLength }: TransferBuffer, limit: number): Handshake {
    const rest = length - actualLength;
    const bytes = rest <= limit ? rest : wholePackets(limit, this.packetSize);
    this.#pending = Buffer.from(buffer.subarray(actualLength, actualLength + bytes));
    this.size = bytes;
    return rest === 0 ? 'end' : 'data';
  }

  protected lose(): void {}
}
