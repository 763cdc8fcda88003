import {
  type EndpointFunction,
  type Handshake,
  type TransferBuffer,
  wholePackets,
} from './endpoint.js';

/** Bytes that a loopback device holds at most. */
export const LOOPBACK_CAPACITY = 64 * 1024;

/** Messages that it holds at most. */
const LOOPBACK_MESSAGES = 256;

/** A device that sends back what it got, packet by packet: two ends of pipes and a FIFO. */
export interface Loopback {
  readonly out: EndpointFunction;
  readonly in: EndpointFunction;
}

/** @param packetSize bytes in a full packet */
export function createLoopback(packetSize: number): Loopback {
  const fifo = new PacketFifo();
  return { out: new LoopbackOut(fifo, packetSize), in: new LoopbackIn(fifo, packetSize) };
}

/**
 * Packets in between. All of them are full ones, except the last of each message: so bytes and the
 * offsets where messages ended say everything. Offsets count bytes since the device was made.
 */
class PacketFifo {
  readonly #ring = Buffer.alloc(LOOPBACK_CAPACITY);
  #written = 0;
  #read = 0;
  readonly #messageEnds: number[] = [];

  /** Bytes that still fit; none while too many messages wait. */
  get room(): number {
    const full = this.#messageEnds.length >= LOOPBACK_MESSAGES;
    return full ? -1 : LOOPBACK_CAPACITY - (this.#written - this.#read);
  }

  /** Bytes up to the end of the first message or, where it has not ended yet, of what came of it. */
  get available(): number {
    return (this.#messageEnds[0] ?? this.#written) - this.#read;
  }

  /** Whether the end of the first message has come. */
  get hasMessageEnd(): boolean {
    return this.#messageEnds.length > 0;
  }

  write(source: Buffer, start: number, end: number): void {
    const at = this.#written % LOOPBACK_CAPACITY;
    const copied = source.copy(this.#ring, at, start, end);
    source.copy(this.#ring, 0, start + copied, end);
    this.#written += end - start;
  }

  endMessage(): void {
    this.#messageEnds.push(this.#written);
  }

  /** Copies `size` bytes without taking them out. */
  peek(target: Buffer, start: number, size: number): void {
    const at = this.#read % LOOPBACK_CAPACITY;
    const copied = this.#ring.copy(target, start, at, at + size);
    this.#ring.copy(target, start + copied, 0, size - copied);
  }

  /** Takes bytes out, and with them the end of the message when it ends there. */
  drop(size: number, endsMessage: boolean): void {
    this.#read += size;
    if (endsMessage) {
      this.#messageEnds.shift();
    }
  }

  clear(): void {
    this.#read = this.#written;
    this.#messageEnds.length = 0;
  }
}

class LoopbackOut implements EndpointFunction {
  size = 0;
  readonly ahead = Number.POSITIVE_INFINITY;
  readonly readyAt = Number.POSITIVE_INFINITY;
  readonly #fifo: PacketFifo;
  readonly packetSize: number;

  constructor(fifo: PacketFifo, packetSize: number) {
    this.#fifo = fifo;
    this.packetSize = packetSize;
  }

  transact({ buffer, length, actualLength }: TransferBuffer, limit: number): Handshake {
    this.size = 0;
    const rest = length - actualLength;
    const { room } = this.#fifo;
    if (room < Math.min(rest, this.packetSize)) {
      return 'nak';
    }
    const most = Math.min(room, limit);
    this.size = rest <= most ? rest : wholePackets(most, this.packetSize);
    this.#fifo.write(buffer, actualLength, actualLength + this.size);
    if (rest === 0 || this.size % this.packetSize !== 0) {
      this.#fifo.endMessage();
    }
    return rest === 0 ? 'end' : 'data';
  }

  acknowledge(): void {}

  powerOn(): void {
    this.#fifo.clear();
  }
}

class LoopbackIn implements EndpointFunction {
  size = 0;
  readonly readyAt = Number.POSITIVE_INFINITY;
  readonly #fifo: PacketFifo;
  readonly packetSize: number;
  #leaving = 0;
  #ending = false;

  constructor(fifo: PacketFifo, packetSize: number) {
    this.#fifo = fifo;
    this.packetSize = packetSize;
  }

  get ahead(): number {
    return this.#fifo.hasMessageEnd ? this.#fifo.available : Number.POSITIVE_INFINITY;
  }

  transact({ buffer, length, actualLength }: TransferBuffer, limit: number): Handshake {
    this.size = 0;
    const { available } = this.#fifo;
    if (available === 0 && !this.#fifo.hasMessageEnd) {
      return 'nak';
    }
    const room = length - actualLength;
    const packet = Math.min(available, this.packetSize);
    this.#ending = packet < this.packetSize;
    if (packet > room) {
      this.#leaving = packet;
      return 'babble';
    }
    this.size = this.#ending
      ? packet
      : wholePackets(Math.min(available, room, limit), this.packetSize);
    this.#leaving = this.size;
    this.#fifo.peek(buffer, actualLength, this.size);
    return this.#ending ? 'end' : 'data';
  }

  acknowledge(): void {
    this.#fifo.drop(this.#leaving, this.#ending);
  }

  powerOn(): void {
    this.#fifo.clear();
  }
}
