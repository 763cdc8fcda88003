import { BufferPool } from '../queue/buffer-pool.js';

/** Transfers of fewer bytes are copied together: many small writes cost more than copying. */
const SMALL = 16 * 1024;

/** A transfer that fills at most this part of its buffer is copied too: it would waste the rest. */
const SPARSE = 1 / 4;

/** Bytes in a chunk that small transfers are copied to: the capacity of a Linux pipe. */
const CHUNK = 64 * 1024;

/** Bytes that are worth a write before the turn of the event loop ends. */
const BATCH = 1024 * 1024;

/** The maximum number of buffers in one writev(2). */
const MAX_BUFFERS = 1024;

const NO_BUFFER = Buffer.alloc(0);

/**
 * Holds the bytes that wait for the sink, in few and large buffers. Owns all buffers of a capture:
 * that of a large transfer itself waits for the sink.
 *
 * ```text
 *   large transfers    their own buffers wait            │ 256 KiB │ 256 KiB │ 256 KiB │
 *   a short one        is copied after the last          │ 256 KiB │ 3 KiB, 500 B, …   │
 *   small transfers    are copied to chunks of 64 KiB    │ 512 B, 512 B, … │ 512 B, …  │
 * ```
 *
 * A ring of fixed size: only buffers are allocated, each when it is first needed.
 */
export class WriteBuffer {
  /** The transfers' buffers. */
  readonly #buffers: BufferPool;
  /** The buffers that wait: the transfers' own, or chunks that small ones are copied to. */
  readonly #chunks: BufferPool;
  readonly #copies: boolean;
  readonly #ring: Buffer[];
  readonly #lengths: Int32Array;
  /** The number of the first waiting chunk, and that of the next chunk to be added. */
  #first = 0;
  #end = 0;
  #bytes = 0;
  /** The index of the last waiting chunk in the ring, and the free bytes in it. */
  #last = 0;
  #slack = 0;
  /** A chunk to copy to once the last is full. */
  #spare: Buffer | undefined;
  /** The chunks that are being written, and the filled part of each. */
  readonly #acquired: Buffer[] = [];
  readonly #batch: Buffer[] = [];

  /**
   * @param depth transfers in flight
   * @param transferSize bytes in each
   * @param capacity the minimum number of bytes that can wait, if the transfers are full
   */
  constructor(depth: number, transferSize: number, capacity: number) {
    this.#copies = transferSize < SMALL;
    // Only whole transfers go into a chunk.
    const chunkSize = this.#copies ? CHUNK - (CHUNK % transferSize) : transferSize;
    // Small transfers need one more, to fill while another is being written, however empty that one
    // is.
    const chunks = Math.ceil(capacity / chunkSize) + (this.#copies ? 1 : 0);
    this.#buffers = new BufferPool(transferSize, depth + (this.#copies ? 0 : chunks));
    this.#chunks = this.#copies ? new BufferPool(CHUNK, chunks) : this.#buffers;
    const slots = this.#copies ? chunks : this.#buffers.capacity;
    this.#ring = new Array<Buffer>(slots).fill(NO_BUFFER);
    this.#lengths = new Int32Array(slots);
  }

  /** Whether no bytes wait. */
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Whether enough bytes wait for a write that need not wait for more. */
  get hasBatch(): boolean {
    return this.#bytes >= BATCH;
  }

  /**
   * Returns a buffer for a transfer, which the caller owns until `add` or `discard`; undefined while
   * there is none.
   *
   * @throws RangeError if there is no memory for the first one
   */
  takeBuffer(): Buffer | undefined {
    return this.#buffers.take();
  }

  /** Returns whether `add` can take this many bytes now. */
  hasRoom(length: number): boolean {
    if (!this.#copies || length <= this.#slack) {
      return true;
    }
    this.#spare ??= this.#chunks.take();
    return this.#spare !== undefined;
  }

  /** Takes over the buffer of a transfer with this many bytes, at least 1. Requires `hasRoom`. */
  add(buffer: Buffer, length: number): void {
    this.#bytes += length;
    const copied = length < SMALL || length <= buffer.length * SPARSE;
    if (!this.#copies && (!copied || length > this.#slack)) {
      this.#push(buffer, length);
      return;
    }
    if (length > this.#slack) {
      this.#push(this.#spare ?? NO_BUFFER, 0);
      this.#spare = undefined;
    }
    const chunk = this.#ring[this.#last] ?? NO_BUFFER;
    const filled = chunk.length - this.#slack;
    buffer.copy(chunk, filled, 0, length);
    this.#lengths[this.#last] = filled + length;
    this.#slack -= length;
    this.discard(buffer);
  }

  /** Takes back the buffer of a transfer without its bytes. */
  discard(buffer: Buffer): void {
    this.#buffers.give(buffer);
  }

  /**
   * Returns the buffers to write next, which the caller owns until `release`; empty if nothing waits.
   * Requires that the previous ones were released.
   *
   * @param max the maximum number of bytes, unless a single buffer has more
   */
  acquire(max: number): readonly Buffer[] {
    let bytes = 0;
    for (; this.#first < this.#end && this.#acquired.length < MAX_BUFFERS; this.#first += 1) {
      const index = this.#first % this.#ring.length;
      const chunk = this.#ring[index] ?? NO_BUFFER;
      const length = this.#lengths[index] ?? 0;
      if (bytes > 0 && bytes + length > max) {
        break;
      }
      bytes += length;
      this.#acquired.push(chunk);
      this.#batch.push(length === chunk.length ? chunk : chunk.subarray(0, length));
    }
    this.#bytes -= bytes;
    if (this.#first === this.#end) {
      this.#slack = 0;
    }
    return this.#batch;
  }

  /**
   * Takes back the acquired buffers for reuse.
   *
   * @param keepsFull whether those that were full stay with the caller
   */
  release(keepsFull: boolean): void {
    let i = 0;
    for (const chunk of this.#acquired) {
      if (keepsFull && chunk === this.#batch[i++]) {
        this.#chunks.forget();
      } else {
        this.#chunks.give(chunk);
      }
    }
    this.#acquired.length = 0;
    this.#batch.length = 0;
  }

  /** Discards the waiting bytes; returns their number. */
  clear(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    this.#slack = 0;
    for (; this.#first < this.#end; this.#first += 1) {
      const index = this.#first % this.#ring.length;
      this.#chunks.give(this.#ring[index] ?? NO_BUFFER);
    }
    return bytes;
  }

  #push(chunk: Buffer, length: number): void {
    this.#last = this.#end % this.#ring.length;
    this.#ring[this.#last] = chunk;
    this.#lengths[this.#last] = length;
    this.#slack = chunk.length - length;
    this.#end += 1;
  }
}
