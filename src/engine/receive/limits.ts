import type { TransferStatus } from '../../usb/transfer-status.js';
import type { TransferQueue } from '../queue/transfer-queue.js';
import type { ReceiveStatistics } from '../stats/statistics.js';

/** What ends a capture that goes well. Without any of these it goes on for ever. */
export interface Limits {
  /** Bytes to write, from 1 on. */
  readonly bytes?: number | undefined;
  /** Bytes to throw away first. */
  readonly skip?: number | undefined;
  /** Transfers with data to receive, from 1 on. */
  readonly count?: number | undefined;
  /** Whether to end at the first short or empty packet: with the end of the device's message. */
  readonly untilShort?: boolean | undefined;
}

/** Holds a capture to its limits: it never asks the device for a byte more than is left. */
export class Quota {
  /** Bytes to receive in all: those to skip and those to write. */
  readonly #bytes: number;
  readonly #count: number;
  readonly #untilShort: boolean;

  /** @throws RangeError for limits out of their ranges */
  constructor({ bytes = Number.POSITIVE_INFINITY, skip = 0, count, untilShort }: Limits) {
    if (!(bytes >= 1) || !(skip >= 0) || (count !== undefined && !(count >= 1))) {
      throw new RangeError(`limits out of range: bytes ${bytes}, skip ${skip}, count ${count}`);
    }
    this.#bytes = skip + bytes;
    this.#count = count ?? Number.POSITIVE_INFINITY;
    this.#untilShort = untilShort ?? false;
  }

  /**
   * How many bytes the next transfer may ask for, given what came and what is in flight; 0 or less
   * for none. A last packet may hold more than is left: that much is the device's choice.
   */
  allowance(statistics: ReceiveStatistics, pool: TransferQueue): number {
    const transfers = statistics.transfersWithData + pool.inFlight;
    // A message may end with any transfer, and what is queued behind would take from the next one.
    if (transfers >= this.#count || (this.#untilShort && pool.inFlight > 0)) {
      return 0;
    }
    return this.#bytes - statistics.bytesReceived - pool.bytesInFlight;
  }

  /** Whether the completion that the statistics counted last was the last one wanted. */
  reached(statistics: ReceiveStatistics, status: TransferStatus, short: boolean): boolean {
    return (
      statistics.bytesReceived >= this.#bytes ||
      statistics.transfersWithData >= this.#count ||
      (this.#untilShort && short && status === 'completed')
    );
  }
}
