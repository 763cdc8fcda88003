import type { ReadDone, Source } from '../../../../src/engine/io/source.js';

/** A source of the given chunks, one for each read, which can be slow or fail. */
export class MemorySource implements Source {
  readonly size: number | undefined = undefined;
  /** Chunks not read yet. */
  #chunks: Buffer[];
  /** Returned after the chunks instead of the end. */
  failure: Error | undefined;
  /** While held, reads wait. */
  held = false;
  closed = false;
  #pending: (() => void) | undefined;

  constructor(...chunks: Buffer[]) {
    this.#chunks = chunks;
  }

  /** Adds a chunk, and completes a pending read. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.release();
  }

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    const finish = (): void => {
      const [chunk, ...rest] = this.#chunks;
      if (chunk === undefined) {
        done(this.failure, 0);
        return;
      }
      const bytes = chunk.copy(buffer, start, 0, end - start);
      this.#chunks = bytes < chunk.length ? [chunk.subarray(bytes), ...rest] : rest;
      done(undefined, bytes);
    };
    if (this.held) {
      this.#pending = finish;
    } else {
      setImmediate(() => this.closed || finish());
    }
  }

  /** Whether a read is pending. */
  get reading(): boolean {
    return this.#pending !== undefined;
  }

  /** Completes the pending read. */
  release(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.();
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
