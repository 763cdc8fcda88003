/** Bytes in a batch before it is full. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Buffers in a batch before it is full: writev(2) takes 1024. */
const MAX_BUFFERS = 1000;

/** Bytes of the scratch memory, and of those that one event may need. */
const SCRATCH = 256 * 1024;
const EVENT = 16 * 1024;

/** Longer data is not copied. */
const SMALL = 4 * 1024;

/** Gathers what is written next: small pieces in memory of its own, and large ones where they are. */
export class WriteBatch {
  /** Memory for small pieces: what is written from `position` on is part of the batch. */
  readonly scratch = Buffer.allocUnsafeSlow(SCRATCH);
  /** Where the next small piece begins. A writer moves it to the end of its piece. */
  position = 0;
  #begin = 0;
  #buffers: Buffer[] = [];
  #bytes = 0;

  /** Whether it should be written before more is added. Otherwise 16 KiB of scratch are free. */
  get isFull(): boolean {
    return (
      this.position + EVENT > SCRATCH ||
      this.#buffers.length >= MAX_BUFFERS ||
      this.#bytes + this.position - this.#begin >= MAX_BYTES
    );
  }

  /** Adds bytes, which must not change until the batch is written. */
  put(bytes: Buffer): void {
    if (bytes.length <= SMALL && this.position + bytes.length + EVENT <= SCRATCH) {
      this.position += bytes.copy(this.scratch, this.position);
    } else {
      this.#endPiece();
      this.#push(bytes);
    }
  }

  /** Returns the buffers to write, none of them empty, and forgets them. */
  take(): readonly Buffer[] {
    this.#endPiece();
    const buffers = this.#buffers;
    this.#buffers = [];
    this.#bytes = 0;
    this.position = 0;
    this.#begin = 0;
    return buffers;
  }

  #endPiece(): void {
    if (this.position > this.#begin) {
      this.#push(this.scratch.subarray(this.#begin, this.position));
      this.#begin = this.position;
    }
  }

  #push(bytes: Buffer): void {
    this.#buffers.push(bytes);
    this.#bytes += bytes.length;
  }
}
