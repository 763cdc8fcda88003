import type { TransferMemory } from '../../../usb/backend.js';
import { UsbError } from '../../../usb/errors.js';
import { mostMemory } from '../../../usb/transfer-memory.js';

/** The memory that a bus lends to the transfers in flight on it. */
export class MemoryBudget {
  readonly #limit: number;
  #taken = 0;

  /** @param limit in bytes; Infinity for none */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What whoever submits may know of it. */
  get memory(): TransferMemory | undefined {
    return Number.isFinite(this.#limit)
      ? { bytes: this.#limit, raise: (bytes) => ({ kind: 'raise-scenario-memory', bytes }) }
      : undefined;
  }

  /**
   * Lends what a transfer of so many bytes takes.
   *
   * @throws UsbError `no-memory` when not as much is left
   */
  take(length: number): void {
    const taken = this.#taken + mostMemory(length);
    if (taken > this.#limit) {
      throw new UsbError(
        'no-memory',
        'cannot submit a transfer: the scenario has no memory left for it',
      );
    }
    this.#taken = taken;
  }

  /** Takes it back. */
  give(length: number): void {
    this.#taken -= mostMemory(length);
  }
}
