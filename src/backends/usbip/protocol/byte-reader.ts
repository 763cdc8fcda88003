/**
 * Distributes the bytes of a connection to buffers of known lengths, however the network cuts them. Each
 * callback says where the next bytes go. The reader allocates nothing and holds no bytes.
 */
export class ByteReader {
  #buffer: Buffer | undefined;
  #at = 0;
  #end = 0;
  #done: (() => void) | undefined;

  /**
   * Sets the destination of the next bytes.
   *
   * @param buffer takes `length` bytes, at least 1, from its start
   * @param done called when they are complete. Unless it sets a destination, further bytes are refused.
   */
  read(buffer: Buffer, length: number, done: () => void): void {
    this.#buffer = buffer;
    this.#at = 0;
    this.#end = length;
    this.#done = done;
  }

  /** Accepts no more bytes, and forgets the destination. */
  stop(): void {
    this.#buffer = undefined;
    this.#done = undefined;
  }

  /** The destination of the next bytes, to read them there without a copy; undefined if there is none. */
  get destination(): Buffer | undefined {
    return this.#buffer?.subarray(this.#at, this.#end);
  }

  /** The number of bytes until the destination is complete. */
  get missing(): number {
    return this.#buffer === undefined ? 0 : this.#end - this.#at;
  }

  /** Notes that the next bytes were read into `destination`. */
  advance(length: number): void {
    this.#at += length;
    this.#finish();
  }

  /**
   * Distributes the first bytes of a chunk.
   *
   * @returns the number of bytes that were accepted: fewer than `length` if the last callback set no
   *   destination
   */
  push(chunk: Buffer, length: number): number {
    let at = 0;
    while (at < length && this.#buffer !== undefined) {
      const size = Math.min(length - at, this.#end - this.#at);
      chunk.copy(this.#buffer, this.#at, at, at + size);
      at += size;
      this.#at += size;
      this.#finish();
    }
    return at;
  }

  #finish(): void {
    const done = this.#done;
    if (this.#at === this.#end && done !== undefined) {
      this.stop();
      done();
    }
  }
}
