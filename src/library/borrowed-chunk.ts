import type { ChunkKind } from './chunk-sink.js';

/** Data in memory of the stream. It is valid until `release`, or until the end of the stream. */
export interface BorrowedChunk extends Disposable {
  /** The bytes. Do not keep them. */
  readonly data: Buffer;
  /** Gives the memory back. Does nothing the second time. */
  release(): void;
}

/** Chunks that the consumer borrows: no copy, and no new memory. */
export const BORROWED_CHUNKS: ChunkKind<BorrowedChunk> = {
  keepsFullBuffers: false,
  make: (data, release) => ({ data, release, [Symbol.dispose]: release }),
};
