import type { TransferMemory } from '../../../usb/backend.js';
import { UsbError } from '../../../usb/errors.js';
import { maxMemory } from '../../../usb/transfer-memory.js';

/** The memory limit of a bus, shared by all transfers in flight on it. */
export class MemoryBudget {
  readonly #limit: number;
  #taken = 0;

  /** @param limit bytes; Infinity for no limit */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The limit as the contract describes it; undefined if there is none. */
  get memory(): TransferMemory | undefined {
    return Number.isFinite(this.#limit)
      ? { bytes: this.#limit, raise: (bytes) => ({ kind: 'raise-scenario-memory', bytes }) }
      : undefined;
  }

  /**
   * Takes the memory for a transfer of this many bytes.
   *
   * @throws UsbError `no-memory` if too little is left
   */
  take(length: number): void {
    const taken = this.#taken + maxMemory(length);
    if (taken > this.#limit) {
      throw new UsbError(
        'no-memory',
        'cannot submit a transfer: the scenario has no memory left for it',
      );
    }
    this.#taken = taken;
  }

  /** Gives the memory of a transfer back. */
  give(length: number): void {
    this.#taken -= maxMemory(length);
  }
}
