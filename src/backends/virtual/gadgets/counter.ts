import { endianness } from 'node:os';

const LITTLE_ENDIAN = endianness() === 'LE';

/**
 * A buffer as 32-bit words of this machine, for fast filling; undefined where it does not lie on a
 * word boundary, or the machine's words are not little-endian.
 */
export function wordsOf(buffer: Buffer): Int32Array | undefined {
  return LITTLE_ENDIAN && buffer.byteOffset % 4 === 0
    ? new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length >>> 2)
    : undefined;
}

/**
 * Writes the counter stream: little-endian 32-bit words 0, 1, 2, …, wrapping at 2^32.
 *
 * @param bytes where to; `words` is the same memory, see `wordsOf`
 * @param start the first byte to write
 * @param end behind the last byte to write
 * @param offset where in the stream the first byte stands, in bytes
 */
export function fillCounter(
  bytes: Buffer,
  words: Int32Array | undefined,
  start: number,
  end: number,
  offset: number,
): void {
  let at = start;
  if (words !== undefined && start % 4 === 0) {
    at = end - (end % 4);
    fillWords(words, start >>> 2, at >>> 2, offset);
  }
  for (; at < end; at++) {
    bytes[at] = counterByte(offset + at - start);
  }
}

/** The byte at an offset of the counter stream. */
export function counterByte(offset: number): number {
  return wordAt(offset) >>> (8 * (offset % 4));
}

function wordAt(offset: number): number {
  return Math.floor(offset / 4) | 0; // to 32 bits: modulo 2^32, exact below 2^53
}

function fillWords(words: Int32Array, first: number, last: number, offset: number): void {
  let word = wordAt(offset);
  const shift = 8 * (offset % 4);
  if (shift === 0) {
    for (let i = first; i < last; i++) {
      words[i] = word;
      word = (word + 1) | 0;
    }
    return;
  }
  for (let i = first; i < last; i++) {
    const next = (word + 1) | 0;
    words[i] = (word >>> shift) | (next << (32 - shift));
    word = next;
  }
}
