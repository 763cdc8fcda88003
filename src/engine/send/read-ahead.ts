import { CheckedCall } from '../io/checked-call.js';
import type { Source } from '../io/source.js';
import { BufferPool } from '../queue/buffer-pool.js';

/** Bytes in a chunk, unless a piece has more. One read can fill it, and small pieces share it. */
const CHUNK = 1024 * 1024;

/** The maximum number of pieces in a chunk and in all chunks. Each has about 100 bytes of overhead. */
const CHUNK_PIECES = 64 * 1024;
const MAX_PIECES = 4 * CHUNK_PIECES;

/** The options of a read-ahead. */
interface ReadAheadOptions {
  /** Bytes in a full piece, from 1. */
  readonly pieceSize: number;
  /** Bytes in memory, waiting or in use. Raised to two chunks; limited to 256 Ki pieces. */
  readonly capacity: number;
  /** The maximum number of bytes to read. */
  readonly bytes: number;
  /** Whether only the last piece may be short. Otherwise a piece has the bytes read so far. */
  readonly exact: boolean;
}

/** Memory that reads fill, and from which pieces are taken. */
interface Chunk {
  readonly memory: Buffer;
  /** Views of its full pieces, created once. */
  readonly pieces: Buffer[];
  /** The bytes read into it, and how many of them were taken. */
  filled: number;
  taken: number;
  /** Pieces that were taken and not released yet. */
  inUse: number;
}

/**
 * Reads the input ahead of the transfers and cuts it into pieces. This keeps the transfer queue full
 * while the input pauses.
 *
 * ```text
 *   source ──▶ │ ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ │ ▒▒▒▒ ████ ████ │ ██░░ ░░░░ ░░░░ │ ──▶ pieces, in order
 *              in use ──────────────────▶ waits ──────▶ to be read
 * ```
 *
 * Memory is allocated as needed, and reused.
 */
export class ReadAhead {
  readonly #source: Source;
  readonly #pieceSize: number;
  readonly #exact: boolean;
  readonly #onRead: (bytes: number) => void;
  readonly #call: CheckedCall;
  readonly #memory: BufferPool;
  /** Pieces are taken from the first chunk, and reads fill the last one. */
  readonly #chunks: Chunk[] = [];
  /** Earlier chunks: all of their pieces were taken, and some are still in use. */
  readonly #used: Chunk[] = [];
  readonly #spare: Chunk[] = [];
  /** Bytes that remain to be read. */
  #left: number;
  #reading: Chunk | undefined;
  #ended = false;
  #waiting = 0;
  /** The error that ended the input, if any. */
  failure: Error | undefined;

  /** @param onRead called with the number of bytes of each read, which may be 0 for the last one */
  constructor(
    source: Source,
    { pieceSize, capacity, bytes, exact }: ReadAheadOptions,
    onRead: (bytes: number) => void,
  ) {
    this.#source = source;
    this.#pieceSize = pieceSize;
    this.#exact = exact;
    this.#onRead = onRead;
    this.#call = new CheckedCall('the source', this.#done, this.#onMisuse);
    this.#left = bytes;
    const piecesEach = Math.min(Math.max(1, Math.floor(CHUNK / pieceSize)), CHUNK_PIECES);
    const chunkSize = pieceSize * piecesEach;
    const maxChunks = Math.floor(MAX_PIECES / piecesEach);
    const chunks = Math.min(Math.ceil(capacity / chunkSize), maxChunks);
    this.#memory = new BufferPool(chunkSize, Math.max(2, chunks));
  }

  /** Bytes that were read and not taken yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether nothing is left to take, now or later. */
  get isOver(): boolean {
    return this.#ended && this.#waiting === 0;
  }

  /** Whether the input may have more bytes than were read. */
  get mayHaveMore(): boolean {
    return !this.#ended && this.#source.size !== 0;
  }

  /** Whether the input had fewer bytes than were to be read. */
  get isShort(): boolean {
    return this.#ended && this.#left > 0;
  }

  /** Starts the next read, unless one is in progress, there is no room, or nothing is left to read. */
  read(): void {
    if (this.#reading !== undefined || this.#ended) {
      return;
    }
    const chunk = this.#chunkWithRoom();
    if (chunk === undefined) {
      return;
    }
    this.#reading = chunk;
    const { memory, filled } = chunk;
    const end = Math.min(memory.length, filled + this.#left);
    this.#source.read(memory, filled, end, this.#call.begin(end - filled));
  }

  /** Takes the next piece, which the caller owns until `release`; undefined while there is none. */
  take(): Buffer | undefined {
    const [chunk] = this.#chunks;
    if (chunk === undefined) {
      return undefined;
    }
    const length = this.#nextLength(chunk);
    if (length === 0) {
      return undefined;
    }
    const piece =
      length === this.#pieceSize && chunk.taken % length === 0
        ? chunk.pieces[chunk.taken / length]
        : chunk.memory.subarray(chunk.taken, chunk.taken + length);
    chunk.taken += length;
    chunk.inUse += 1;
    this.#waiting -= length;
    if (chunk.taken === chunk.memory.length) {
      this.#chunks.shift();
      this.#used.push(chunk);
    }
    return piece;
  }

  /** Releases the oldest piece in use. */
  release(): void {
    const chunk = this.#used[0] ?? this.#chunks[0];
    if (chunk === undefined) {
      return;
    }
    chunk.inUse -= 1;
    if (chunk.inUse === 0 && chunk === this.#used[0]) {
      this.#used.shift();
      chunk.filled = 0;
      chunk.taken = 0;
      this.#spare.push(chunk);
    }
  }

  /** Returns the bytes in the next piece of a chunk; 0 while there is none. */
  #nextLength({ filled, taken }: Chunk): number {
    const length = Math.min(this.#pieceSize, filled - taken);
    return length < this.#pieceSize && this.#exact && !this.#ended ? 0 : length;
  }

  readonly #done = (error: Error | undefined, bytes: number): void => {
    const chunk = this.#reading;
    this.#reading = undefined;
    if (chunk !== undefined) {
      chunk.filled += bytes;
      this.#waiting += bytes;
      this.#left -= bytes;
    }
    this.failure ??= error;
    this.#ended ||= error !== undefined || bytes === 0 || this.#left === 0;
    this.#onRead(bytes);
  };

  readonly #onMisuse = (error: Error): void => {
    this.failure = error;
    this.#ended = true;
    this.#onRead(0);
  };

  #chunkWithRoom(): Chunk | undefined {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.filled < last.memory.length) {
      return last;
    }
    const chunk = this.#spare.pop() ?? this.#makeChunk();
    if (chunk !== undefined) {
      this.#chunks.push(chunk);
    }
    return chunk;
  }

  #makeChunk(): Chunk | undefined {
    const memory = this.#memory.take();
    if (memory === undefined) {
      return undefined;
    }
    const pieces: Buffer[] = [];
    for (let at = 0; at < memory.length; at += this.#pieceSize) {
      pieces.push(memory.subarray(at, at + this.#pieceSize));
    }
    return { memory, pieces, filled: 0, taken: 0, inUse: 0 };
  }
}
