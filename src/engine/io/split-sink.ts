import { toError } from '../../usb/errors.js';
import type { Sink, WriteDone } from './sink.js';
import { skipBytes, takeBytes } from './sink.js';

/** Where to cut: without either, everything is one part; with both, whichever comes first. */
export interface SplitOptions {
  /** Bytes in each part but the last, exactly; from 1 on. */
  readonly bytes?: number | undefined;
  /** Milliseconds since the first bytes of a part, after which what is written begins another. */
  readonly every?: number | undefined;
}

/** Opens the sink of a part, which the caller starts and closes. Parts are numbered from 0. */
export type OpenPart = (index: number) => Promise<Sink>;

/**
 * Cuts what it is given into parts, each of which goes to a sink of its own. The first one is open
 * from the beginning, the others are opened when there are bytes for them: none but the first can
 * be empty. A part is closed while the next one is written, so that a disk that takes its time to
 * confirm one does not hold up the other; a failure to close is that of the next write, or of
 * `close`.
 */
export class SplitSink implements Sink {
  readonly #open: OpenPart;
  readonly #size: number;
  readonly #every: number;
  /** The part at hand: none after a cut, until there are bytes. */
  #part: Sink | undefined;
  #index = 0;
  /** Bytes until the part at hand is full, and when it is over, in monotonic milliseconds. */
  #left: number;
  #due = Number.POSITIVE_INFINITY;
  /** The end of closing the part before; never rejects. */
  #closing: Promise<void> = Promise.resolve();
  #closeFailure: Error | undefined;
  /** Bytes that were taken of the write at hand. */
  #written = 0;

  private constructor(first: Sink, open: OpenPart, { bytes, every }: SplitOptions) {
    this.#open = open;
    this.#size = bytes ?? Number.POSITIVE_INFINITY;
    this.#every = every ?? Number.POSITIVE_INFINITY;
    this.#part = first;
    this.#left = this.#size;
  }

  /** @throws what opening the first part throws */
  static async open(open: OpenPart, options: SplitOptions): Promise<SplitSink> {
    return new SplitSink(await open(0), open, options);
  }

  async start(): Promise<void> {
    await this.#part?.start();
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
    this.#part = part; // from here on `close` closes it, whatever happens
    await part.start();
    return part;
  }

  /** Ends the part at hand. Of those before, at most one is still being closed. */
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
