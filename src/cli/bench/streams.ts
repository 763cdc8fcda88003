import type { Sink, WriteDone } from '../../engine/io/sink.js';
import type { ReadDone, Source } from '../../engine/io/source.js';
import { PATTERN_BLOCK, type PatternStream, type Verifier } from './pattern.js';

/** A sink that compares the data with a pattern, if there is one, and discards it. */
export class DiscardingSink implements Sink {
  readonly #verifier: Verifier | undefined;

  constructor(verifier?: Verifier) {
    this.#verifier = verifier;
  }

  async start(): Promise<void> {}

  write(buffers: readonly Buffer[], done: WriteDone): void {
    let bytes = 0;
    for (const buffer of buffers) {
      this.#verifier?.check(buffer);
      bytes += buffer.length;
    }
    setImmediate(done, undefined, bytes);
  }

  async close(): Promise<void> {}
}

/** When a `PatternSource` ends. */
export interface SourceEnd {
  readonly bytes?: number | undefined;
  /** Milliseconds from the first read. */
  readonly duration?: number | undefined;
}

/** A source with the data of a pattern. */
export class PatternSource implements Source {
  readonly size = Number.POSITIVE_INFINITY;
  readonly #stream: PatternStream;
  readonly #end: SourceEnd;
  #offset = 0;
  #startedAt: number | undefined;

  constructor(stream: PatternStream, end: SourceEnd) {
    this.#stream = stream;
    this.#end = end;
  }

  /** Bytes that were read. */
  get position(): number {
    return this.#offset;
  }

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    const { bytes = Number.POSITIVE_INFINITY, duration = Number.POSITIVE_INFINITY } = this.#end;
    const now = performance.now();
    this.#startedAt ??= now;
    const isOver = now - this.#startedAt >= duration;
    const length = isOver ? 0 : Math.min(end - start, PATTERN_BLOCK, bytes - this.#offset);
    this.#stream.at(this.#offset, length).copy(buffer, start);
    this.#offset += length;
    setImmediate(done, undefined, length);
  }

  async close(): Promise<void> {}
}

/**
 * Both ends of a dialogue: sends the next message when the reply to the last one is complete, and
 * records how long each took.
 */
export class PingPong implements Sink, Source {
  readonly size = Number.POSITIVE_INFINITY;
  /** Milliseconds of each round trip. */
  readonly times: number[] = [];
  readonly #message: number;
  readonly #count: number;
  readonly #duration: number;
  readonly #stream: PatternStream;
  readonly #verifier: Verifier;
  #sent = 0;
  #received = 0;
  #startedAt = 0;
  #sentAt = 0;
  #waiting: (() => void) | undefined;

  /**
   * @param message bytes of a message
   * @param count round trips at most
   * @param duration milliseconds after which no message is sent
   */
  constructor(
    stream: PatternStream,
    verifier: Verifier,
    message: number,
    count: number,
    duration: number,
  ) {
    this.#stream = stream;
    this.#verifier = verifier;
    this.#message = message;
    this.#count = count;
    this.#duration = duration;
  }

  /** Bytes of the messages that were sent. */
  get position(): number {
    return this.#sent;
  }

  async start(): Promise<void> {}

  read(buffer: Buffer, start: number, _end: number, done: ReadDone): void {
    const send = (): void => {
      const now = performance.now();
      this.#startedAt ||= now;
      const isOver = this.times.length >= this.#count || now - this.#startedAt >= this.#duration;
      const length = isOver ? 0 : this.#message;
      this.#stream.at(this.#sent, length).copy(buffer, start);
      this.#sent += length;
      this.#sentAt = now;
      done(undefined, length);
    };
    if (this.#received === this.#sent) {
      setImmediate(send);
    } else {
      this.#waiting = send;
    }
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    let bytes = 0;
    for (const buffer of buffers) {
      this.#verifier.check(buffer);
      bytes += buffer.length;
    }
    this.#received += bytes;
    if (this.#received === this.#sent) {
      this.times.push(performance.now() - this.#sentAt);
    }
    setImmediate(() => {
      done(undefined, bytes);
      const next = this.#waiting;
      if (this.#received === this.#sent && next !== undefined) {
        this.#waiting = undefined;
        next();
      }
    });
  }

  async close(): Promise<void> {
    this.#waiting = undefined;
  }
}
