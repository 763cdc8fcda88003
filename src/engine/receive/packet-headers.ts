import { requireRange } from '../checks.js';

/**
 * The bytes that a device puts before the payload of each packet, such as the two status bytes of FTDI
 * chips. A transfer consists of full packets, and a short one may be its last: a packet cannot span two
 * transfers, because each transfer requests whole packets.
 *
 * ```text
 *   received   │ h │ payload │ h │ payload │ h │ pay │        h: header
 *   stripped   │ payload │ payload │ pay │
 * ```
 */
export class PacketHeaders {
  /** Bytes to remove from the start of each packet; 0 for none. */
  readonly length: number;
  #packetSize = 1;
  #payloadSize = 1;

  /** @throws RangeError unless `length` is an integer of at least 0 */
  constructor(length: number) {
    requireRange('stripPacket', length, 0, Number.isInteger);
    this.length = length;
  }

  /**
   * Sets the size of a full packet in bytes. Required before any other method if `length` is not 0.
   *
   * @throws RangeError if full packets have no payload
   */
  setPacketSize(packetSize: number): void {
    if (this.length > 0) {
      requireRange('the packet size', packetSize, this.length + 1);
    }
    this.#packetSize = packetSize;
    this.#payloadSize = packetSize - this.length;
  }

  /** Returns the bytes of payload in a transfer that received this many bytes. */
  payloadOf(received: number): number {
    if (this.length === 0) {
      return received;
    }
    const short = received % this.#packetSize;
    const full = ((received - short) / this.#packetSize) * this.#payloadSize;
    return short > this.length ? full + short - this.length : full;
  }

  /** Returns the number of packets with bytes to remove in a transfer that received this many bytes. */
  packetsIn(received: number): number {
    return this.length === 0 ? 0 : Math.ceil(received / this.#packetSize);
  }

  /** Returns the fewest bytes that can carry this much payload, in whole packets if there are headers. */
  bytesFor(payload: number): number {
    return this.length === 0 ? payload : Math.ceil(payload / this.#payloadSize) * this.#packetSize;
  }

  /**
   * Moves the payload of a transfer to the start of its buffer. One copy of each packet within the
   * buffer is faster than a list of slices for writev(2), and allocates nothing.
   *
   * @returns the bytes of payload
   */
  strip(buffer: Buffer, received: number): number {
    if (this.length === 0) {
      return received;
    }
    let length = 0;
    for (let start = 0; start < received; start += this.#packetSize) {
      const end = Math.min(start + this.#packetSize, received);
      const first = start + this.length;
      if (first < end) {
        buffer.copyWithin(length, first, end);
        length += end - first;
      }
    }
    return length;
  }
}
