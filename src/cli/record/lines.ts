import { readOnce, type Source } from '../../engine/io/source.js';

/** Bytes to read at once. */
const CHUNK = 1024 * 1024;
const NEWLINE = 0x0a;

/** How to read lines. */
export interface LineOptions {
  /** The longest line in bytes. */
  readonly maxBytes: number;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Makes the error for a longer line. Lines are numbered from 1. */
  readonly tooLong: (maxBytes: number, line: number) => Error;
}

/**
 * Reads the lines of a text in UTF-8. Reads the next chunk while lines are used. Memory is bounded, whatever the source
 * has.
 */
export class LineReader {
  readonly #source: Source;
  readonly #options: LineOptions;
  /** The buffers of this chunk and the next one. A chunk begins after the room for the longest line. */
  #buffer: Buffer;
  #nextBuffer: Buffer;
  /** The read of the next chunk. */
  #reading: Promise<number> | undefined;
  /** The lines so far. */
  #count = 0;
  /** The bytes after the last line end. */
  #rest: Buffer;

  constructor(source: Source, options: LineOptions) {
    this.#source = source;
    this.#options = options;
    this.#buffer = Buffer.allocUnsafe(options.maxBytes + CHUNK);
    this.#nextBuffer = Buffer.allocUnsafe(options.maxBytes + CHUNK);
    this.#rest = this.#buffer.subarray(0, 0);
  }

  /**
   * Reads until there are lines. Returns them without their line ends; none at the end of the source.
   *
   * @throws the error of a read; the reason of the signal; an error for a line that is too long
   */
  async next(): Promise<readonly string[]> {
    const { maxBytes, tooLong } = this.#options;
    for (;;) {
      const read = await (this.#reading ?? this.#read());
      if (read === 0) {
        return [];
      }
      const filled = this.#nextBuffer;
      const start = maxBytes - this.#rest.length;
      this.#rest.copy(filled, start);
      this.#nextBuffer = this.#buffer;
      this.#buffer = filled;
      this.#reading = this.#read();
      const lines = this.#split(filled.subarray(start, maxBytes + read));
      const long = lines.findIndex(({ length }) => length > maxBytes);
      if (long >= 0 || this.#rest.length > maxBytes) {
        throw tooLong(maxBytes, this.#count + (long < 0 ? lines.length : long) + 1);
      }
      this.#count += lines.length;
      if (lines.length > 0) {
        return lines;
      }
    }
  }

  /** The text after the last line end: that of a line that was cut, at the end of the source. */
  get rest(): string {
    return this.#rest.toString();
  }

  #read(): Promise<number> {
    const { maxBytes, signal } = this.#options;
    const reading = readOnce(
      this.#source,
      this.#nextBuffer,
      maxBytes,
      this.#nextBuffer.length,
      signal,
    );
    reading.catch(() => {}); // reported when it is awaited
    return reading;
  }

  #split(filled: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = filled.indexOf(NEWLINE); end >= 0; end = filled.indexOf(NEWLINE, start)) {
      lines.push(filled.toString('utf8', start, end));
      start = end + 1;
    }
    this.#rest = filled.subarray(start);
    return lines;
  }
}
