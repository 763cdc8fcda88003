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
  /** Makes the error for a longer line. */
  readonly tooLong: (maxBytes: number) => Error;
}

/** Reads the lines of a text in UTF-8. Memory is bounded, whatever the source has. */
export class LineReader {
  readonly #source: Source;
  readonly #options: LineOptions;
  readonly #buffer: Buffer;
  /** Bytes at the start of the buffer that belong to the next line. */
  #length = 0;

  constructor(source: Source, options: LineOptions) {
    this.#source = source;
    this.#options = options;
    this.#buffer = Buffer.allocUnsafe(CHUNK + options.maxBytes);
  }

  /**
   * Reads until there are lines. Returns them without their line ends; none at the end of the source.
   *
   * @throws the error of a read; the reason of the signal; an error for a line that is too long
   */
  async next(): Promise<readonly string[]> {
    const { maxBytes, signal, tooLong } = this.#options;
    const buffer = this.#buffer;
    for (;;) {
      const read = await readOnce(this.#source, buffer, this.#length, this.#length + CHUNK, signal);
      if (read === 0) {
        return [];
      }
      const lines = this.#split(buffer.subarray(0, this.#length + read));
      if (this.#length > maxBytes || lines.some(({ length }) => length > maxBytes)) {
        throw tooLong(maxBytes);
      }
      if (lines.length > 0) {
        return lines;
      }
    }
  }

  /** The text after the last line end: that of a line that was cut, at the end of the source. */
  get rest(): string {
    return this.#buffer.toString('utf8', 0, this.#length);
  }

  #split(filled: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = filled.indexOf(NEWLINE); end >= 0; end = filled.indexOf(NEWLINE, start)) {
      lines.push(filled.toString('utf8', start, end));
      start = end + 1;
    }
    this.#buffer.copyWithin(0, start, filled.length);
    this.#length = filled.length - start;
    return lines;
  }
}
