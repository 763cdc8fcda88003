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

  /** @param size bytes in each buffer */
  constructor(size: number, capacity: number) {
    this.#size = size;
    this.capacity = capacity;
  }

  /** Whether `take` would hand out a buffer. */
  get hasSome(): boolean {
    return this.#free.length > 0 || this.#made < this.capacity;
  }

  /** A buffer that is now the caller's, or undefined while all of them are taken. */
  take(): Buffer | undefined {
    const buffer = this.#free.pop();
    if (buffer !== undefined || this.#made === this.capacity) {
      return buffer;
    }
    this.#made += 1;
    return Buffer.allocUnsafeSlow(this.#size);
  }

  /** Gives back a buffer that `take` handed out. */
  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}
