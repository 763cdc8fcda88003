/**
 * Buffers of one size, allocated when first needed and then reused.
 *
 * The buffer given back last is handed out first, as it is the one most likely still in the cache.
 * Memory grows only to the most buffers ever used at once.
 */
export class BufferPool {
  /** How many buffers there may be at once. */
  readonly capacity: number;
  readonly #size: number;
  readonly #free: Buffer[] = [];
  #allocated = 0;
  /** How many buffers there can be: fewer than the capacity if memory ran out. */
  #most: number;

  /** @param size bytes in each buffer */
  constructor(size: number, capacity: number) {
    this.#size = size;
    this.capacity = capacity;
    this.#most = capacity;
  }

  /**
   * Returns a buffer, which is the caller's until `give`; undefined while all are taken. When there is
   * no memory for another one, the existing ones have to do.
   *
   * @throws RangeError when there is no memory for the first one
   */
  take(): Buffer | undefined {
    const buffer = this.#free.pop();
    if (buffer !== undefined || this.#allocated === this.#most) {
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
      this.#most = this.#allocated;
      return undefined;
    }
  }

  /** Gives back a buffer from `take`. */
  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}
