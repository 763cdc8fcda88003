import type { Sink, WriteDone } from '../../../../src/engine/io/sink.js';

/** A sink that keeps what is written, and can be slow or fail. */
export class MemorySink implements Sink {
  readonly #chunks: Buffer[] = [];
  /** Bytes that it takes before it fails. */
  capacity = Number.POSITIVE_INFINITY;
  failure: Error = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  closed = false;
  /** While held, writes wait. */
  held = false;
  #pending: (() => void) | undefined;
  #size = 0;

  get contents(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  async start(): Promise<void> {}

  write(buffers: readonly Buffer[], done: WriteDone): void {
    const finish = (): void => {
      const bytes = Buffer.concat(buffers);
      const { length } = bytes;
      const taken = Math.min(length, this.capacity - this.#size);
      this.#chunks.push(bytes.subarray(0, taken));
      this.#size += taken;
      done(taken < length ? this.failure : undefined, taken);
    };
    if (this.held) {
      this.#pending = finish;
    } else {
      setImmediate(finish);
    }
  }

  /** Completes the pending write. */
  release(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.();
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
