/**
 * Buffers of one size, made when first needed and used again and again.
 *
 * The buffer given back last is handed out first: it is the one most likely still in the cache, and
 * memory grows only as far as the backlog ever did.
 */
export class BufferPool {
  readonly #size: number;
  readonly #free: Buffer[] = [];
  #unmade: number;

  /**
   * @param size bytes in each buffer
   * @param capacity how many buffers there may be at once
   */
  constructor(size: number, capacity: number) {
    this.#size = size;
    this.#unmade = capacity;
  }

  /** A buffer that is now the caller's, or undefined while all of them are taken. */
  take(): Buffer | undefined {
    const buffer = this.#free.pop();
    if (buffer !== undefined || this.#unmade === 0) {
      return buffer;
    }
    this.#unmade -= 1;
    return Buffer.allocUnsafeSlow(this.#size);
  }

  /** Gives back a buffer that `take` handed out. */
  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}
