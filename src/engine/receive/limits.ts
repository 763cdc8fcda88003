import { isCount, requireRange } from '../checks.js';
import type { Completion, TransferQueue } from '../queue/transfer-queue.js';
import { PacketHeaders } from './packet-headers.js';

/**
 * The limits of a capture. Without any of these it is unlimited. Bytes that are stripped from packets do
 * not count, and a transfer without others has no data.
 */
export interface Limits {
  /** Bytes to write, from 1. */
  readonly bytes?: number | undefined;
  /** Bytes to skip at the start. */
  readonly skip?: number | undefined;
  /** Transfers with data, from 1. */
  readonly count?: number | undefined;
  /** Whether to end at the first short or zero-length packet, which ends a message of the device. */
  readonly untilShort?: boolean | undefined;
}

/** Enforces the limits of a capture: transfers never request more bytes than remain. */
export class Quota {
  readonly #untilShort: boolean;
  readonly #headers: PacketHeaders;
  /** The bytes that remain to be received, including those to skip, and the transfers with data. */
  #bytes: number;
  #transfers: number;
  #messageEnded = false;

  /** @throws RangeError for limits out of range */
  constructor(
    { bytes = Number.POSITIVE_INFINITY, skip = 0, count, untilShort }: Limits,
    headers = new PacketHeaders(0),
  ) {
    requireRange('bytes', bytes, 1, isCount);
    requireRange('skip', skip, 0, Number.isInteger);
    requireRange('count', count === undefined ? 1 : count, 1, isCount);
    this.#bytes = skip + bytes;
    this.#transfers = count ?? Number.POSITIVE_INFINITY;
    this.#untilShort = untilShort ?? false;
    this.#headers = headers;
  }

  /**
   * Returns the bytes that the next transfer may request; 0 or less for none. The last packet may
   * still hold more than remains: that is up to the device.
   */
  allowance({ inFlight, bytesInFlight }: TransferQueue): number {
    // Any transfer may end the message, and a transfer queued after it would receive data of the next
    // one.
    if (inFlight >= this.#transfers || (this.#untilShort && inFlight > 0)) {
      return 0;
    }
    return this.#headers.bytesFor(this.#bytes) - bytesInFlight;
  }

  /** Counts a completion, with this much payload. */
  count({ status, requested, actualLength }: Completion, payload: number): void {
    this.#bytes -= payload;
    this.#transfers -= payload > 0 ? 1 : 0;
    this.#messageEnded ||= this.#untilShort && status === 'completed' && actualLength < requested;
  }

  /** Whether a limit is reached. */
  get reached(): boolean {
    return this.#bytes <= 0 || this.#transfers <= 0 || this.#messageEnded;
  }
}
