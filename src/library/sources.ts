import type { ReadDone, Source } from '../engine/io/source.js';
import { toError } from '../usb/errors.js';
import { asBuffer } from './control.js';

/** Data to send: bytes, or what yields them piece by piece. */
export type WriteData = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

const NOTHING = Buffer.alloc(0);

/** A source of the pieces that an iterable yields. A piece is not changed, and not kept. */
export class IterableSource implements Source {
  readonly size: number | undefined;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  #piece: Buffer = NOTHING;
  #isClosed = false;

  /** @throws TypeError for data of another type */
  constructor(data: WriteData) {
    this.size = data instanceof Uint8Array ? data.length : undefined;
    const pieces = data instanceof Uint8Array ? [data] : data;
    if (typeof pieces === 'object' && Symbol.asyncIterator in pieces) {
      this.#iterator = pieces[Symbol.asyncIterator]();
    } else if (typeof pieces === 'object' && Symbol.iterator in pieces) {
      this.#iterator = pieces[Symbol.iterator]();
    } else {
      throw new TypeError('the data must be a Uint8Array, or an iterable of Uint8Arrays');
    }
  }

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    this.#fill(buffer, start, end).then(
      (bytes) => this.#isClosed || done(undefined, bytes),
      (error: unknown) => this.#isClosed || done(toError(error), 0),
    );
  }

  /** Lets the iterable clean up, without waiting for it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    new Promise((resolve) => resolve(this.#iterator.return?.())).catch(() => {});
  }

  async #fill(buffer: Buffer, start: number, end: number): Promise<number> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#iterator.next();
      if (done) {
        return 0;
      }
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(`the data must consist of Uint8Arrays, not of ${typeof value}s`);
      }
      this.#piece = asBuffer(value);
    }
    const copied = this.#piece.copy(buffer, start, 0, end - start);
    this.#piece = this.#piece.subarray(copied);
    return copied;
  }
}

/** Called when a piece was taken, with the error if it was not. */
type OnTaken = (error?: Error | null) => void;

/** A source of the pieces that a Node stream is written. One piece at a time. */
export class PushSource implements Source {
  readonly size = undefined;
  #piece: Buffer = NOTHING;
  #onTaken: OnTaken | undefined;
  #hasEnded = false;
  #read: { buffer: Buffer; start: number; end: number; done: ReadDone } | undefined;

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    this.#read = { buffer, start, end, done };
    queueMicrotask(this.#serve); // never from within `read`
  }

  /** Drops the pending read, and what was not taken. */
  async close(): Promise<void> {
    this.#read = undefined;
    this.#hasEnded = true;
    this.#taken();
  }

  /** Passes a piece on. It belongs to the source until `onTaken`. */
  push(piece: Uint8Array, onTaken: OnTaken): void {
    this.#piece = asBuffer(piece);
    this.#onTaken = onTaken;
    if (this.#hasEnded) {
      this.#taken();
    } else {
      this.#serve();
    }
  }

  /** Ends the input. */
  end(): void {
    this.#hasEnded = true;
    this.#serve();
  }

  readonly #serve = (): void => {
    const read = this.#read;
    if (read === undefined || (this.#piece.length === 0 && !this.#hasEnded)) {
      if (this.#piece.length === 0) {
        this.#taken();
      }
      return;
    }
    this.#read = undefined;
    const { buffer, start, end, done } = read;
    const copied = this.#piece.copy(buffer, start, 0, end - start);
    this.#piece = this.#piece.subarray(copied);
    done(undefined, copied);
    if (this.#piece.length === 0) {
      this.#taken();
    }
  };

  #taken(): void {
    const onTaken = this.#onTaken;
    this.#piece = NOTHING;
    this.#onTaken = undefined;
    onTaken?.();
  }
}
