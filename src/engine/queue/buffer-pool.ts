/**
 * Buffers of one size, made when first needed and used again and again.
 *
 * The buffer given back last is handed out first: it is the one most likely still in the cache, and
 * memory grows only as far as the need for buffers ever did.
 */
export class BufferPool {
  /** How many buffers there may be at once. */
  readonly capacity: number;
  readonly #size: number;
  readonly #free: Buffer[] = [];
  #made = 0;
  /** How many there can be, which memory may make less than the capacity. */
  #most: number;

  /** @param size bytes in each buffer */
  constructor(size: number, capacity: number) {
    this.#size = size;
    this.capacity = capacity;
    this.#most = capacity;
  }

  /**
   * A buffer that is now the caller's, or undefined while all of them are taken. Where there is no
   * memory for another one, those that there are have to do.
   *
   * @throws RangeError when there is not even memory for the first
   */
  take(): Buffer | undefined {
    const buffer = this.#free.pop();
    if (buffer !== undefined || this.#made === this.#most) {
      return buffer;
    }
    try {
      const made = Buffer.allocUnsafeSlow(this.#size);
      this.#made += 1;
      return made;
    } catch (error) {
      if (this.#made === 0) {
        throw error;
      }
      this.#most = this.#made;
      return undefined;
    }
  }

  /** Gives back a buffer that `take` handed out. */
  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}
