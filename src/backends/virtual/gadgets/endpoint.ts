/** The memory of a transfer, as the device's end of the wire meets it. */
export interface TransferBuffer {
  readonly buffer: Buffer;
  /** The buffer as words, see `wordsOf`. */
  readonly words: Int32Array | undefined;
  /** Bytes that the host wants to move. */
  readonly length: number;
  /** Bytes that have moved before. */
  readonly actualLength: number;
}

/**
 * How the device answers a transaction (USB 2.0 §8.4.5, §8.5.2):
 *
 * - `data`: full packets moved, or with OUT the last one, and the transfer goes on while it has room;
 * - `end`: a packet shorter than wMaxPacketSize, perhaps empty, moved and ends the transfer;
 * - `nak`: nothing to send, or no room to take anything;
 * - `stall`: the endpoint is halted now;
 * - `error`: something came that was no packet, or nothing at all, three times;
 * - `babble`: more came than the transfer has room for; that packet is lost.
 */
export type Handshake = 'data' | 'end' | 'nak' | 'stall' | 'error' | 'babble';

/** The device's end of a bulk or interrupt pipe. */
export interface EndpointFunction {
  /** wMaxPacketSize: bytes in a full packet. */
  readonly packetSize: number;

  /** Bytes that the last answer moved; 0 unless it was `data` or `end`. */
  readonly size: number;

  /** Bytes until it answers something else than `data`; Infinity when it cannot tell. */
  readonly ahead: number;

  /** After `nak`: the clock time in milliseconds to ask again; Infinity when it cannot tell. */
  readonly readyAt: number;

  /**
   * Runs the next transactions of a transfer: as many full packets at once as it can, or one short
   * packet, or a handshake without data. The bytes go to, or come from, `transfer.actualLength` on.
   *
   * @param limit the bytes that may go, at least one full packet
   */
  transact(transfer: TransferBuffer, limit: number): Handshake;

  /** The host has taken what the last answer moved (or lost): the next packet comes next. */
  acknowledge(): void;

  /** The device was plugged in again, or reset. */
  powerOn(): void;
}

/** The most bytes up to `bytes` that make only full packets. */
export function wholePackets(bytes: number, packetSize: number): number {
  return bytes - (bytes % packetSize);
}
