import { requireRange } from '../queue/pump.js';
import type { Completion, TransferQueue } from '../queue/transfer-queue.js';

/** What ends a capture that goes well. Without any of these it never ends. */
export interface Limits {
  /** Bytes to write, from 1. */
  readonly bytes?: number | undefined;
  /** Bytes to discard first. */
  readonly skip?: number | undefined;
  /** Transfers with data to receive, from 1. */
  readonly count?: number | undefined;
  /** Whether to end at the first short or empty packet: with the end of the device's message. */
  readonly untilShort?: boolean | undefined;
}

/** Holds a capture to its limits: it never asks the device for a byte more than is left. */
export class Quota {
  readonly #untilShort: boolean;
  /** Bytes still to receive, those to skip among them, and transfers with data. */
  #bytes: number;
  #transfers: number;
  #messageEnded = false;

  /** @throws RangeError for limits out of their ranges */
  constructor({ bytes = Number.POSITIVE_INFINITY, skip = 0, count, untilShort }: Limits) {
    requireRange('bytes', bytes, 1);
    requireRange('skip', skip, 0);
    requireRange('count', count ?? 1, 1);
    this.#bytes = skip + bytes;
    this.#transfers = count ?? Number.POSITIVE_INFINITY;
    this.#untilShort = untilShort ?? false;
  }

  /**
   * How many bytes the next transfer may ask for; 0 or less for none. A last packet may hold more
   * than is left: that is up to the device.
   */
  allowance({ inFlight, bytesInFlight }: TransferQueue): number {
    // A message may end with any transfer, and a transfer queued after it would take from the next.
    if (inFlight >= this.#transfers || (this.#untilShort && inFlight > 0)) {
      return 0;
    }
    return this.#bytes - bytesInFlight;
  }

  /** Counts a transfer that ended. */
  count({ status, requested, actualLength }: Completion): void {
    this.#bytes -= actualLength;
    this.#transfers -= actualLength > 0 ? 1 : 0;
    this.#messageEnded ||= this.#untilShort && status === 'completed' && actualLength < requested;
  }

  /** Whether nothing more is wanted. */
  get reached(): boolean {
    return this.#bytes <= 0 || this.#transfers <= 0 || this.#messageEnded;
  }
}
