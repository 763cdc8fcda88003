import { InvalidArgumentError } from 'commander';

/** What the bytes of a stream should be: 32-bit words that count, i mod 63 in each packet, or a repetition. */
export type Pattern =
  | { readonly kind: 'counter' | 'mod63' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

/** The most bytes of a pattern that repeats. */
const MAX_PATTERN = 64;

/** The most bytes that `PatternStream.at` returns. */
export const PATTERN_BLOCK = 64 * 1024;

/** The parser of `--verify`: `counter`, `mod63`, or 1 to 64 bytes in hexadecimal that repeat. */
export function pattern(text: string): Pattern {
  if (text === 'counter' || text === 'mod63') {
    return { kind: text };
  }
  const digits = text.replace(/^0x/i, '');
  if (!/^([0-9a-f]{2})+$/i.test(digits) || digits.length > 2 * MAX_PATTERN) {
    throw new InvalidArgumentError(
      `give counter, mod63, or 1 to ${MAX_PATTERN} bytes in hexadecimal, such as 55aa`,
    );
  }
  return { kind: 'bytes', bytes: Buffer.from(digits, 'hex') };
}

/** The name of a pattern, as `pattern` parses it. */
export function patternName(given: Pattern): string {
  return given.kind === 'bytes' ? given.bytes.toString('hex') : given.kind;
}

/** The bytes of an endless stream with a pattern. */
export class PatternStream {
  /** The bytes after which the stream repeats; undefined for a counter. */
  readonly #period: number | undefined;
  readonly #block: Buffer;
  readonly #words: Int32Array | undefined;

  /** @param packetSize the packets of `mod63`, in bytes: the pattern starts again in each */
  constructor(given: Pattern, packetSize: number) {
    if (given.kind === 'counter') {
      this.#words = new Int32Array(PATTERN_BLOCK / 4 + 1);
      this.#block = Buffer.from(this.#words.buffer);
      return;
    }
    const unit =
      given.kind === 'bytes'
        ? given.bytes
        : Buffer.from(Array.from({ length: packetSize }, (_, i) => i % 63));
    this.#period = unit.length;
    this.#block = Buffer.alloc(PATTERN_BLOCK + unit.length, unit);
  }

  /** Returns at most 64 KiB from an offset. They are valid until the next call. */
  at(offset: number, length: number): Buffer {
    const skip = offset % (this.#period ?? 4);
    if (this.#words !== undefined) {
      const first = (offset - skip) / 4;
      for (let i = 0; i * 4 < skip + length; i += 1) {
        this.#words[i] = first + i;
      }
    }
    return this.#block.subarray(skip, skip + length);
  }

  /** Returns the offset at which a stream that begins with these bytes starts; 0 if there is none. */
  startOf(bytes: Buffer): number {
    if (this.#period === undefined) {
      return bytes.length < 4 ? 0 : bytes.readUInt32LE() * 4;
    }
    const length = Math.min(this.#period, bytes.length);
    const start = this.#block.subarray(0, 2 * this.#period).indexOf(bytes.subarray(0, length));
    return Math.max(0, start);
  }
}

/** The first byte of a stream that is wrong. */
export interface Mistake {
  /** Bytes of the stream before it. */
  readonly offset: number;
  readonly expected: number;
  readonly actual: number;
}

/** Compares a stream with a pattern, up to the first mistake. */
export class Verifier {
  mistake: Mistake | undefined;
  readonly #stream: PatternStream;
  #offset = 0;
  /** The offset in the pattern at which the stream starts; undefined before its first byte. */
  #start: number | undefined;

  readonly #limit: () => number;
  readonly #stop = new AbortController();
  #hasExcess = false;

  /**
   * @param start where the stream starts in the pattern; by default, its first bytes tell
   * @param limit returns the bytes that the stream can have so far
   */
  constructor(stream: PatternStream, start?: number, limit = () => Number.POSITIVE_INFINITY) {
    this.#stream = stream;
    this.#start = start;
    this.#limit = limit;
  }

  /** Whether the stream had more bytes than it can have, all of them as expected. */
  get excess(): boolean {
    return this.#hasExcess;
  }

  /** Aborted at the first mistake, and at the first byte too many. */
  get failed(): AbortSignal {
    return this.#stop.signal;
  }

  /** Compares the next bytes of the stream. */
  check(bytes: Buffer): void {
    if (this.mistake !== undefined || bytes.length === 0) {
      return;
    }
    this.#start ??= this.#stream.startOf(bytes);
    for (let at = 0; at < bytes.length; at += PATTERN_BLOCK) {
      const actual = bytes.subarray(at, at + PATTERN_BLOCK);
      const expected = this.#stream.at(this.#start + this.#offset, actual.length);
      if (!actual.equals(expected)) {
        const wrong = actual.findIndex((byte, i) => byte !== expected[i]);
        this.mistake = {
          offset: this.#offset + wrong,
          ...{ expected: expected[wrong] ?? 0, actual: actual[wrong] ?? 0 },
        };
        this.#stop.abort();
        return;
      }
      this.#offset += actual.length;
    }
    if (this.#offset > this.#limit()) {
      this.#hasExcess = true;
      this.#stop.abort();
    }
  }
}
