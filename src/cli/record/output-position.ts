import type { PacketHeaders } from '../../engine/receive/packet-headers.js';

/** Where the bytes of received transfers are in the output. */
export class OutputPosition {
  readonly #headers: PacketHeaders;
  #skip: number;
  #left: number;
  /** The bytes of the output so far. */
  offset = 0;

  /**
   * @param headers what is stripped from packets
   * @param skip received bytes that are skipped
   * @param bytes the bytes after them that are written
   */
  constructor(headers: PacketHeaders, skip = 0, bytes = Number.POSITIVE_INFINITY) {
    this.#headers = headers;
    this.#skip = skip;
    this.#left = bytes;
  }

  /**
   * Counts the next transfer. Returns how many of its bytes are written, from `offset` before the call on.
   *
   * @param packetSize bytes in a full packet of its endpoint
   */
  take(actualLength: number, packetSize: number): number {
    this.#headers.setPacketSize(packetSize);
    const payload = this.#headers.payloadOf(actualLength);
    const skipped = Math.min(payload, this.#skip);
    const length = Math.min(payload - skipped, this.#left);
    this.#skip -= skipped;
    this.#left -= length;
    this.offset += length;
    return length;
  }
}
