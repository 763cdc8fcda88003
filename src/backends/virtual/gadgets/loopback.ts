import {
  type EndpointFunction,
  type Handshake,
  type TransferBuffer,
  wholePackets,
} from '../../simulation/gadget/endpoint.js';

/** The capacity of a loopback in bytes. */
export const LOOPBACK_CAPACITY = 64 * 1024;

/** The maximum number of messages in a loopback. */
const MAX_MESSAGES = 256;

/** A device that returns the packets that it received: two endpoints with a FIFO between them. */
interface Loopback {
  readonly out: EndpointFunction;
  readonly in: EndpointFunction;
}

/** Creates a loopback with this packet size in bytes. */
export function createLoopback(packetSize: number): Loopback {
  const fifo = new PacketFifo();
  return { out: new LoopbackOut(fifo, packetSize), in: new LoopbackIn(fifo, packetSize) };
}

/**
 * The packets between the two endpoints. All packets but the last of a message are full, so the bytes
 * and the ends of the messages are enough to store. Offsets count all bytes written.
 */
class PacketFifo {
  readonly #ring = Buffer.alloc(LOOPBACK_CAPACITY);
  #written = 0;
  #read = 0;
  readonly #messageEnds: number[] = [];

  /** The bytes that still fit; -1 if no message fits. */
  get room(): number {
    const full = this.#messageEnds.length >= MAX_MESSAGES;
    return full ? -1 : LOOPBACK_CAPACITY - (this.#written - this.#read);
  }

  /** The bytes up to the end of the first message, or all bytes if it has not ended. */
  get available(): number {
    return (this.#messageEnds[0] ?? this.#written) - this.#read;
  }

  /** Whether the first message has ended. */
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

  /** Copies `size` bytes without removing them. */
  peek(target: Buffer, start: number, size: number): void {
    const at = this.#read % LOOPBACK_CAPACITY;
    const copied = this.#ring.copy(target, start, at, at + size);
    this.#ring.copy(target, start + copied, 0, size - copied);
  }

  /** Removes bytes, and the end of the first message if they end it. */
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
    const max = Math.min(room, limit);
    this.size = rest <= max ? rest : wholePackets(max, this.packetSize);
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
  #pending = 0;
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
      this.#pending = packet;
      return 'babble';
    }
    this.size = this.#ending
      ? packet
      : wholePackets(Math.min(available, room, limit), this.packetSize);
    this.#pending = this.size;
    this.#fifo.peek(buffer, actualLength, this.size);
    return this.#ending ? 'end' : 'data';
  }

  acknowledge(): void {
    this.#fifo.drop(this.#pending, this.#ending);
  }

  powerOn(): void {
    this.#fifo.clear();
  }
}
