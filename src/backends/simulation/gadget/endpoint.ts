import type { ControlRequest } from '../../../usb/control.js';

/** The memory of a transfer, as an endpoint accesses it. */
export interface TransferBuffer {
  readonly buffer: Buffer;
  /** The same memory as words; see `wordsOf`. */
  readonly words: Int32Array | undefined;
  /** The bytes to move. */
  readonly length: number;
  /** The bytes that have moved. */
  readonly actualLength: number;
}

/**
 * The result of a transaction (USB 2.0 §8.4.5, §8.5.2):
 *
 * - `data`: full packets moved, or for OUT the last packet; the transfer continues while it has room;
 * - `end`: a packet shorter than wMaxPacketSize moved and ends the transfer; it may be empty;
 * - `nak`: the endpoint has nothing to send, or no room to receive;
 * - `stall`: the endpoint is now halted;
 * - `error`: the host received no valid packet, three times;
 * - `babble`: the device sent more than the transfer has room for; the packet is lost.
 */
export type Handshake = 'data' | 'end' | 'nak' | 'stall' | 'error' | 'babble';

/** A bulk or interrupt endpoint of a simulated device. */
export interface EndpointFunction {
  /** wMaxPacketSize: bytes in a full packet. */
  readonly packetSize: number;

  /** The bytes that the last transaction moved; 0 unless its result was `data` or `end`. */
  readonly size: number;

  /** The bytes until a result other than `data`; Infinity if that is not known. */
  readonly ahead: number;

  /** After `nak`: the clock time in milliseconds to try again; Infinity if that is not known. */
  readonly readyAt: number;

  /** See `Endpoint.ended`. */
  readonly ended?: AbortSignal;

  /**
   * Runs the next transactions of a transfer: as many full packets as possible, or one short packet,
   * or a handshake without data. The data starts at `transfer.actualLength`.
   *
   * @param limit the most bytes to move, at least one full packet
   */
  transact(transfer: TransferBuffer, limit: number): Handshake;

  /** Called when the host has received the last data, or lost it: the next packet follows. */
  acknowledge(): void;

  /** Called when the device was plugged in again or reset. */
  powerOn(): void;

  /** Called when the halt of the endpoint was cleared, or its interface claimed. */
  restart?(): void;
}

/** Returns the greatest multiple of the packet size up to `bytes`. */
export function wholePackets(bytes: number, packetSize: number): number {
  return bytes - (bytes % packetSize);
}

/** Handles the control requests that `handleStandardRequest` does not. */
export interface ControlFunction {
  /**
   * Reads the data of a request, or writes the response there.
   *
   * @returns the number of bytes moved; undefined if the request is not supported, for a stall; `nak`
   *   for no response at all
   */
  handle(request: ControlRequest, data: Buffer): number | 'nak' | undefined;

  /** Called when the device was plugged in again or reset. */
  powerOn(): void;
}
