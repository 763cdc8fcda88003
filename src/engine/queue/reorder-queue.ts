const NO_BUFFER = Buffer.alloc(0);
const IN_FLIGHT = -1;

/**
 * What completed transfers brought, in the order in which they were submitted.
 *
 * Cancelled transfers complete in the order of cancelling, newest first, so the order of completion
 * is not the order of the data. Completions are put in under their submission's number, 0 for the
 * first; the head can be taken once its transfer has completed.
 *
 * ```text
 *   taken       head
 *     ▼           ▼
 *   … │ 16 │ 17 ✔ │ 18 ✔ │ 19 … │ 20 ✔ │ 21 …        ✔ completed   … in flight
 *          └─ can be taken ─┘  20 waits for 19
 * ```
 *
 * A ring of fixed size: putting and taking allocate nothing.
 */
export class ReorderQueue {
  readonly #mask: number;
  readonly #buffers: Buffer[];
  readonly #lengths: Int32Array;
  #taken = 0;

  /** @param capacity the most submissions that are ever in flight or waiting here at once */
  constructor(capacity: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.#mask = size - 1;
    this.#buffers = new Array<Buffer>(size).fill(NO_BUFFER);
    this.#lengths = new Int32Array(size).fill(IN_FLIGHT);
  }

  /** How many heads were taken so far, which is the number of the head. */
  get taken(): number {
    return this.#taken;
  }

  /** Bytes at the head, or undefined while the head's transfer has not completed. */
  get headLength(): number | undefined {
    const length = this.#lengths[this.#taken & this.#mask] ?? IN_FLIGHT;
    return length === IN_FLIGHT ? undefined : length;
  }

  /** Puts in what a transfer brought. The buffer is the queue's until it is taken. */
  put(sequence: number, buffer: Buffer, length: number): void {
    this.#buffers[sequence & this.#mask] = buffer;
    this.#lengths[sequence & this.#mask] = length;
  }

  /** Takes the head's buffer, which is the caller's then. Only while `headLength` is defined. */
  take(): Buffer {
    const index = this.#taken & this.#mask;
    const buffer = this.#buffers[index] ?? NO_BUFFER;
    this.#buffers[index] = NO_BUFFER;
    this.#lengths[index] = IN_FLIGHT;
    this.#taken += 1;
    return buffer;
  }
}
