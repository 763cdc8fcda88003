/**
 * Reads a file at any place: fills `into` from this position, with fewer bytes only at the end of the file.
 * Returns the number of bytes.
 */
export type ReadAt = (into: Buffer, position: number) => number;

/** The bytes that one read fetches, and the most that can be asked for. */
export const WINDOW = 64 * 1024;

/** A part of a file in memory, which moves with what is read. Its size is fixed. */
export class FileWindow {
  readonly bytes = Buffer.alloc(WINDOW);
  readonly #readAt: ReadAt;
  #start = 0;
  #length = 0;

  constructor(readAt: ReadAt) {
    this.#readAt = readAt;
  }

  /**
   * Makes a range of the file available in `bytes`.
   *
   * @param length at most `WINDOW`
   * @returns the index in `bytes` of its first byte; -1 if the file ends before its last one
   */
  locate(position: number, length: number): number {
    if (!this.#has(position, length)) {
      this.#start = position;
      this.#length = this.#readAt(this.bytes, position);
    }
    return this.#has(position, length) ? position - this.#start : -1;
  }

  /** Copies a range of the file, of any length. Returns the number of bytes: fewer only at the end of the file. */
  copy(position: number, into: Buffer): number {
    if (this.#has(position, into.length)) {
      const index = position - this.#start;
      return this.bytes.copy(into, 0, index, index + into.length);
    }
    return this.#readAt(into, position);
  }

  #has(position: number, length: number): boolean {
    return position >= this.#start && position + length <= this.#start + this.#length;
  }
}
