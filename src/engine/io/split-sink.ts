import { toError } from '../../usb/errors.js';
import type { Sink, WriteDone } from './sink.js';
import { skipBytes, takeBytes } from './sink.js';

/**
 * Where to split. Without either option there is one part; with both, the first one reached applies.
 */
export interface SplitOptions {
  /** Exact number of bytes in each part except the last, from 1. */
  readonly bytes?: number | undefined;
  /** Milliseconds since the first bytes of a part, after which the next write begins another part. */
  readonly every?: number | undefined;
}

/** Opens the sink of a part; the caller starts and closes it. Parts are numbered from 0. */
export type OpenPart = (index: number) => Promise<Sink>;

/**
 * Splits data into parts, each of which goes to a sink of its own. The first one is open from the
 * beginning, the others are opened when there are bytes for them: only the first can be empty. A part
 * is closed while the next one is written, so that a slow fsync does not delay it; an error of closing
 * is reported by the next write or by `close`.
 */
export class SplitSink implements Sink {
  readonly #open: OpenPart;
  readonly #size: number;
  readonly #every: number;
  /** The current part; undefined after a cut, until there are bytes. */
  #part: Sink | undefined;
  #index = 0;
  /** Bytes until the current part is full, and when its time is over, in monotonic milliseconds. */
  #left: number;
  #due = Number.POSITIVE_INFINITY;
  /** Resolves when the previous part is closed; never rejects. */
  #closing: Promise<void> = Promise.resolve();
  #closeFailure: Error | undefined;
  /** Bytes of the current write that were written. */
  #written = 0;

  private constructor(first: Sink, open: OpenPart, { bytes, every }: SplitOptions) {
    this.#open = open;
    this.#size = bytes ?? Number.POSITIVE_INFINITY;
    this.#every = every ?? Number.POSITIVE_INFINITY;
    this.#part = first;
    this.#left = this.#size;
  }

  /** @throws the error of opening the first part */
  static async open(open: OpenPart, options: SplitOptions): Promise<SplitSink> {
    return new SplitSink(await open(0), open, options);
  }

  async start(): Promise<void> {
    await this.#part?.start();
  }

  /** Ends the current part: the next write begins another one. Requires that no write is in progress. */
  cut(): void {
    this.#due = Number.NEGATIVE_INFINITY;
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    this.#written = 0;
    this.#writeAll(buffers).then(
      () => done(undefined, this.#written),
      (error) => done(toError(error), this.#written),
    );
  }

  async close(): Promise<void> {
    await this.#cut();
    await this.#closing;
    this.#throwCloseFailure();
  }

  async #writeAll(buffers: readonly Buffer[]): Promise<void> {
    if (performance.now() >= this.#due) {
      await this.#cut();
    }
    let rest = buffers;
    let length = lengthOf(buffers);
    while (length > 0) {
      this.#throwCloseFailure();
      const part = this.#part ?? (await this.#openNext());
      this.#due = Math.min(this.#due, performance.now() + this.#every);
      const written = await this.#writeTo(
        part,
        length <= this.#left ? rest : takeBytes(rest, this.#left),
      );
      rest = skipBytes(rest, written);
      length -= written;
      this.#left -= written;
      if (this.#left === 0) {
        await this.#cut();
      }
    }
  }

  #writeTo(part: Sink, buffers: readonly Buffer[]): Promise<number> {
    return new Promise((resolve, reject) => {
      part.write(buffers, (error, written) => {
        this.#written += written;
        if (error === undefined) {
          resolve(written);
        } else {
          reject(error);
        }
      });
    });
  }

  async #openNext(): Promise<Sink> {
    const part = await this.#open(this.#index + 1);
    this.#index += 1;
    this.#part = part; // from here on `close` closes it
    await part.start();
    return part;
  }

  /** Ends the current part. At most one earlier part is still being closed. */
  async #cut(): Promise<void> {
    await this.#closing;
    const part = this.#part;
    this.#part = undefined;
    this.#left = this.#size;
    this.#due = Number.POSITIVE_INFINITY;
    this.#closing = this.#close(part);
  }

  async #close(part: Sink | undefined): Promise<void> {
    try {
      await part?.close();
    } catch (error) {
      this.#closeFailure ??= toError(error);
    }
  }

  #throwCloseFailure(): void {
    if (this.#closeFailure !== undefined) {
      throw this.#closeFailure;
    }
  }
}

function lengthOf(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0);
}
