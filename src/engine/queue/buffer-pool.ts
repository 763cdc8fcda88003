/**
 * Buffers of one size, allocated when first needed and then reused.
 *
 * The buffer that was returned last is reused first, because it is the most likely to be in the cache.
 * Memory grows only to the peak number of buffers in use.
 */
export class BufferPool {
  /** The maximum number of buffers. */
  readonly capacity: number;
  readonly #size: number;
  readonly #free: Buffer[] = [];
  #allocated = 0;
  /** The capacity, reduced to what could be allocated if memory ran out. */
  #limit: number;

  /** @param size bytes in each buffer */
  constructor(size: number, capacity: number) {
    this.#size = size;
    this.capacity = capacity;
    this.#limit = capacity;
  }

  /**
   * Returns a buffer, which the caller owns until `give`; undefined while all are taken. If there is
   * no memory for another one, the existing ones must suffice.
   *
   * @throws RangeError if there is no memory for the first one
   */
  take(): Buffer | undefined {
    const buffer = this.#free.pop();
    if (buffer !== undefined || this.#allocated === this.#limit) {
      return buffer;
    }
    try {
      const allocated = Buffer.allocUnsafeSlow(this.#size);
      this.#allocated += 1;
      return allocated;
    } catch (error) {
      if (this.#allocated === 0) {
        throw error;
      }
      this.#limit = this.#allocated;
      return undefined;
    }
  }

  /** Gives a buffer from `take` up: it is not returned, and another one may be allocated for it. */
  forget(): void {
    this.#allocated -= 1;
  }

  /** Returns a buffer from `take` to the pool. */
  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}
