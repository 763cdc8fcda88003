import { fstatSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { ReadStream } from 'node:tty';
import { toError } from '../../usb/errors.js';
import type { ReadDone, Source } from './source.js';

const NOTHING = Buffer.alloc(0);

/** Facts about the descriptor of a stream. */
export interface StreamKind {
  readonly isTerminal?: boolean | undefined;
  /** Whether reads may block although Node owns the descriptor: those of another user's terminal do. */
  readonly mayBlock?: boolean | undefined;
}

/**
 * A source on a pipe, a FIFO, a socket or a terminal, where a read may block forever. A thread that
 * blocks in a read could not be cancelled, so epoll waits instead.
 *
 * Node reports the arrival of data only with some of its bytes. So one byte is read that way, and the
 * others, up to the requested number, are then read directly into the buffer. Further bytes stay in
 * the pipe for the next reader.
 *
 * In a pipe, a read that is requested from within `done` reads all bytes in place at once. In a socket
 * it does not: when a read returns fewer bytes than requested and the peer hangs up, libuv 1.46 (Node
 * 20) treats that as the end, and checks neither for more bytes nor for an error.
 */
export class StreamSource implements Source {
  readonly size = undefined;
  readonly #fd: number;
  readonly #stream: Socket;
  readonly #mayBlock: boolean;
  readonly #readsInPlace: boolean;
  readonly #firstByte = Buffer.alloc(1);
  #buffer: Buffer = NOTHING;
  #start = 0;
  #end = 0;
  /** The callback of the pending read. */
  #done: ReadDone | undefined;
  #bytes = 0;
  #hasEnded = false;
  #error: Error | undefined;
  #soon: NodeJS.Immediate | undefined;

  /** @param fd owned by the source, which makes it non-blocking and closes it, unless it is stdin */
  constructor(fd: number, { isTerminal = false, mayBlock = false }: StreamKind = {}) {
    this.#fd = fd;
    this.#mayBlock = mayBlock;
    this.#readsInPlace = !mayBlock && fstatSync(fd).isFIFO();
    const onread = { buffer: this.#target, callback: this.#onBytes };
    const options = { fd, readable: true, writable: false, onread };
    this.#stream = isTerminal ? new ReadStream(fd, options) : new Socket(options);
    this.#stream.pause();
    this.#stream.on('end', () => {
      this.#hasEnded = true;
      this.#finish();
    });
    this.#stream.on('error', (error) => {
      this.#error = error;
      this.#finish();
    });
  }

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
    this.#done = done;
    if (this.#hasEnded || this.#error !== undefined) {
      this.#soon = setImmediate(this.#finish);
    } else {
      this.#stream.resume();
    }
  }

  async close(): Promise<void> {
    this.#done = undefined;
    this.#buffer = NOTHING;
    if (!this.#stream.closed) {
      await new Promise<void>((resolve) => {
        this.#stream.once('close', resolve).destroy();
      });
    }
  }

  /** Returns where the next bytes go. They may arrive before a read is requested. */
  readonly #target = (): Buffer =>
    this.#done !== undefined && this.#readsInPlace
      ? this.#buffer.subarray(this.#start, this.#end)
      : this.#firstByte;

  /** Returns whether to continue reading. */
  readonly #onBytes = (bytes: number, target: Uint8Array): boolean => {
    this.#bytes = bytes;
    if (target === this.#firstByte) {
      this.#buffer[this.#start] = this.#firstByte[0] ?? 0;
      this.#bytes += this.#readMore(this.#start + 1);
    }
    if (this.#mayBlock) {
      this.#soon = setImmediate(this.#finish); // after reading has stopped: another read might block
      return false;
    }
    this.#finish();
    return this.#done !== undefined && this.#soon === undefined;
  };

  #readMore(start: number): number {
    if (start === this.#end || this.#mayBlock) {
      return 0;
    }
    try {
      const bytes = readSync(this.#fd, this.#buffer, start, this.#end - start, null);
      this.#hasEnded = bytes === 0;
      return bytes;
    } catch (cause) {
      const error: NodeJS.ErrnoException = toError(cause);
      if (error.code !== 'EAGAIN') {
        this.#error = error; // for the next read: the bytes before it are valid
      }
      return 0;
    }
  }

  readonly #finish = (): void => {
    clearImmediate(this.#soon);
    this.#soon = undefined;
    const [done, bytes] = [this.#done, this.#bytes];
    this.#done = undefined;
    this.#bytes = 0;
    this.#buffer = NOTHING;
    done?.(bytes > 0 ? undefined : this.#error, bytes);
  };
}
