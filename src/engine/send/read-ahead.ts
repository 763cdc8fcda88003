import type { Source } from '../io/source.js';
import { BufferPool } from '../queue/buffer-pool.js';

/** Bytes in a chunk, unless a piece has more: one read fills it, and small pieces share it. */
const CHUNK = 1024 * 1024;

/** Pieces in a chunk, and in all chunks, at the most: each takes some 100 bytes besides its own. */
const CHUNK_PIECES = 64 * 1024;
const MOST_PIECES = 4 * CHUNK_PIECES;

/** What to read ahead, and how. */
export interface ReadAheadOptions {
  /** Bytes in a full piece, from 1 on. */
  readonly pieceSize: number;
  /**
   * Bytes in memory: those that wait, and those of pieces that are in use. At least two chunks, and no
   * more than 256 Ki pieces.
   */
  readonly capacity: number;
  /** Bytes to read at the most. */
  readonly bytes: number;
  /** Whether only the last piece may be short. Otherwise what has come goes, when it is asked for. */
  readonly exact: boolean;
}

/** Memory that is filled by reads and emptied by pieces. */
interface Chunk {
  readonly memory: Buffer;
  /** Its full pieces, made once. */
  readonly pieces: Buffer[];
  /** Bytes that were read into it, and bytes of these that were taken. */
  filled: number;
  taken: number;
  /** Pieces that were taken and not yet given back. */
  inUse: number;
}

/**
 * Reads the input ahead of those who need it, and cuts it into pieces: what keeps the pool full
 * while the input stutters.
 *
 * ```text
 *   source ──▶ │ ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ │ ▒▒▒▒ ████ ████ │ ██░░ ░░░░ ░░░░ │ ──▶ pieces, in order
 *              in use ──────────────────▶ waits ──────▶ to be read
 * ```
 *
 * Memory is used as it is needed, and again and again.
 */
export class ReadAhead {
  readonly #source: Source;
  readonly #pieceSize: number;
  readonly #exact: boolean;
  readonly #onRead: (bytes: number) => void;
  readonly #memory: BufferPool;
  /** The first is emptied, the last is filled; those before the first are in use only. */
  readonly #chunks: Chunk[] = [];
  readonly #used: Chunk[] = [];
  readonly #spare: Chunk[] = [];
  /** Bytes that may still be read. */
  #left: number;
  #reading: Chunk | undefined;
  #ended = false;
  #waiting = 0;
  /** Why the input ended early, if it did. */
  failure: Error | undefined;

  /** @param onRead told the bytes of each read; the last one may bring none */
  constructor(
    source: Source,
    { pieceSize, capacity, bytes, exact }: ReadAheadOptions,
    onRead: (bytes: number) => void,
  ) {
    this.#source = source;
    this.#pieceSize = pieceSize;
    this.#exact = exact;
    this.#onRead = onRead;
    this.#left = bytes;
    const piecesEach = Math.min(Math.max(1, Math.floor(CHUNK / pieceSize)), CHUNK_PIECES);
    const chunkSize = pieceSize * piecesEach;
    const most = Math.floor(MOST_PIECES / piecesEach);
    const chunks = Math.min(Math.ceil(capacity / chunkSize), most);
    this.#memory = new BufferPool(chunkSize, Math.max(2, chunks));
  }

  /** Bytes that were read and not taken. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether there is a piece to take. */
  get hasPiece(): boolean {
    const [chunk] = this.#chunks;
    return chunk !== undefined && this.#nextLength(chunk) > 0;
  }

  /** Whether nothing is left to take, now or later. */
  get isOver(): boolean {
    return this.#ended && this.#waiting === 0;
  }

  /** Whether there is something behind what was read, as far as the input tells. */
  get mayHaveMore(): boolean {
    return !this.#ended && this.#source.size !== 0;
  }

  /** Whether the input ended before all was read that was asked for. */
  get isShort(): boolean {
    return this.#ended && this.#left > 0;
  }

  /** Reads on, unless a read is under way, there is no room, or nothing is left to read. */
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
    this.#source.read(memory, filled, Math.min(memory.length, filled + this.#left), this.#done);
  }

  /**
   * The next piece, which is the caller's until `release`; undefined while there is none. The bytes
   * of it are all its buffer has.
   */
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

  /** Gives back the piece that was taken first of those that are in use. */
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

  /** Bytes of the next piece of a chunk; 0 while there is none. */
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
    this.failure = error;
    this.#ended = error !== undefined || bytes === 0 || this.#left === 0;
    this.#onRead(bytes);
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
