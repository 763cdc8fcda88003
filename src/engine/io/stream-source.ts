import { fstatSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { ReadStream } from 'node:tty';
import { toError } from '../../usb/errors.js';
import type { ReadDone, Source } from './source.js';

const NOTHING = Buffer.alloc(0);

/** What kind of descriptor a stream is on. */
export interface StreamKind {
  readonly isTerminal?: boolean | undefined;
  /** Whether it may block, once it is in Node's hands: somebody else's terminal does. */
  readonly mayBlock?: boolean | undefined;
}

/**
 * A source on a pipe, a FIFO, a socket or a terminal, where a read may wait for ever: no thread waits
 * for it, as nothing could call that back, but epoll does.
 *
 * Node tells that something came only together with bytes of it. So a single one is read that way, and
 * all others that are there, as far as they are asked for, are then read straight into the buffer. The
 * rest stays in the pipe, for whoever reads next.
 *
 * Of a pipe, whoever asks for more from within `done` has all of it read in place, at once. Of a socket
 * not: where a read brings less than there was room for, and the other end hangs up, libuv 1.46 (Node
 * 20) takes that for the end, and looks neither for more bytes nor for a failure.
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
  /** Of the read that waits. */
  #done: ReadDone | undefined;
  #bytes = 0;
  #hasEnded = false;
  #error: Error | undefined;
  #soon: NodeJS.Immediate | undefined;

  /** @param fd goes to the source, which makes it non-blocking and closes it; stdin stays open */
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
      this.#tell();
    });
    this.#stream.on('error', (error) => {
      this.#error = error;
      this.#tell();
    });
  }

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
    this.#done = done;
    if (this.#hasEnded || this.#error !== undefined) {
      this.#soon = setImmediate(this.#tell);
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

  /** Where the next bytes go: they may come before anybody asks for them. */
  readonly #target = (): Buffer =>
    this.#done !== undefined && this.#readsInPlace
      ? this.#buffer.subarray(this.#start, this.#end)
      : this.#firstByte;

  /** Returns whether to read on. */
  readonly #onBytes = (bytes: number, target: Uint8Array): boolean => {
    this.#bytes = bytes;
    if (target === this.#firstByte) {
      this.#buffer[this.#start] = this.#firstByte[0] ?? 0;
      this.#bytes += this.#readMore(this.#start + 1);
    }
    if (this.#mayBlock) {
      this.#soon = setImmediate(this.#tell); // when reading has stopped: another read might block
      return false;
    }
    this.#tell();
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
        this.#error = error; // of the next read: what came before it is valid
      }
      return 0;
    }
  }

  readonly #tell = (): void => {
    clearImmediate(this.#soon);
    this.#soon = undefined;
    const [done, bytes] = [this.#done, this.#bytes];
    this.#done = undefined;
    this.#bytes = 0;
    this.#buffer = NOTHING;
    done?.(bytes > 0 ? undefined : this.#error, bytes);
  };
}
