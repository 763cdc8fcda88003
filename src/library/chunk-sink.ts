import type { Sink, WriteDone } from '../engine/io/sink.js';

/** How a sink passes data on. */
export interface ChunkKind<Chunk> {
  /** See `Sink.keepsFullBuffers`. */
  readonly keepsFullBuffers: boolean;
  /**
   * Makes the chunk for the consumer.
   *
   * @param onRelease called when the consumer needs the buffer no longer
   */
  make(buffer: Buffer, onRelease: () => void): Chunk;
}

/**
 * Chunks that belong to the consumer: a full buffer of a transfer itself, which the engine replaces, or
 * a copy of a part. A consumer that keeps a few bytes must not keep a large buffer alive.
 */
export const OWNED_CHUNKS: ChunkKind<Buffer> = {
  keepsFullBuffers: true,
  make(buffer, onRelease) {
    onRelease();
    return buffer.length === buffer.buffer.byteLength ? buffer : Buffer.from(buffer);
  },
};

/** Receives the next chunk; undefined at the end. */
type Taker<Chunk> = (chunk: Chunk | undefined) => void;

/**
 * A sink whose consumer takes one chunk after the other. A write is done when the consumer has taken
 * and released all of its chunks, so that a slow consumer slows the device down.
 */
export class ChunkSink<Chunk> implements Sink {
  readonly #kind: ChunkKind<Chunk>;
  readonly #takers: Taker<Chunk>[] = [];
  #buffers: readonly Buffer[] = [];
  #next = 0;
  #unreleased = 0;
  #done: WriteDone | undefined;
  #isWriting = false;
  #isDropped = false;
  #isEnded = false;
  /** Bytes of the current write that were taken. */
  #takenOfWrite = 0;
  /** Bytes that the consumer took. */
  bytesTaken = 0;

  constructor(kind: ChunkKind<Chunk>) {
    this.#kind = kind;
  }

  get keepsFullBuffers(): boolean {
    return this.#kind.keepsFullBuffers;
  }

  async start(): Promise<void> {}

  write(buffers: readonly Buffer[], done: WriteDone): void {
    this.#buffers = buffers;
    this.#next = 0;
    this.#takenOfWrite = 0;
    this.#done = done;
    this.#isWriting = true;
    while (this.#takers.length > 0 && this.#next < buffers.length) {
      this.#takers.shift()?.(this.#takeNext());
    }
    this.#isWriting = false;
    if (this.#isDropped || this.#isWritten) {
      queueMicrotask(this.#finishWrite); // never from within `write`
    }
  }

  async close(): Promise<void> {}

  /** Returns the next chunk if it is there. */
  poll(): Chunk | undefined {
    return this.#isDropped || this.#next === this.#buffers.length ? undefined : this.#takeNext();
  }

  /** Whether no more chunks come. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Calls back with the next chunk when it comes. Requires that `poll` returned none. */
  await(taker: Taker<Chunk>): void {
    if (this.#isEnded) {
      taker(undefined);
    } else {
      this.#takers.push(taker);
    }
  }

  /** Drops all data: what is waiting, and what is still written. */
  drop(): void {
    this.#isDropped = true;
    this.#finishWrite();
  }

  /** Ends the chunks after the last write. A consumer that waits for a chunk gets the end. */
  end(): void {
    this.#isEnded = true;
    for (const taker of this.#takers.splice(0)) {
      taker(undefined);
    }
  }

  get #isWritten(): boolean {
    return this.#next === this.#buffers.length && this.#unreleased === 0;
  }

  #takeNext(): Chunk {
    const buffer = this.#buffers[this.#next] ?? Buffer.alloc(0);
    this.#next += 1;
    this.#takenOfWrite += buffer.length;
    this.bytesTaken += buffer.length;
    this.#unreleased += 1;
    let isReleased = false;
    const chunk = this.#kind.make(buffer, () => {
      if (!isReleased) {
        isReleased = true;
        this.#unreleased -= 1;
        this.#afterRelease();
      }
    });
    return chunk;
  }

  #afterRelease(): void {
    if (!this.#isWriting && this.#isWritten) {
      queueMicrotask(this.#finishWrite);
    }
  }

  /** Reports the write, if there is one. After `drop`, its rest counts as not written. */
  readonly #finishWrite = (): void => {
    const done = this.#done;
    if (done === undefined) {
      return;
    }
    this.#done = undefined;
    this.#buffers = [];
    this.#next = 0;
    done(this.#isDropped ? consumerGone() : undefined, this.#takenOfWrite);
  };
}

/** The error that the engine knows from a pipe whose reader closed it. */
function consumerGone(): Error {
  return Object.assign(new Error('the consumer of the data is gone'), { code: 'EPIPE' });
}
