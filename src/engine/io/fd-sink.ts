import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  write,
  writeSync,
  writev,
  writevSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { toError } from '../../usb/errors.js';
import { fdInfo, reopenNonBlocking } from './nonblocking-fd.js';
import { RetryTimer } from './retry.js';
import type { Sink, WriteDone } from './sink.js';
import { skipBytes } from './sink.js';

/** The most bytes to write at once on the event loop: the capacity of a Linux pipe. */
const DIRECT = 64 * 1024;

/**
 * A sink on an open descriptor, such as stdout. The caller owns the descriptor: `close` leaves it open.
 * Writes run on Node's thread pool, so that a slow disk or reader never blocks the event loop that
 * serves the transfers. The pool costs the time of waking a thread, so a few bytes for a pipe are written
 * at once, through a non-blocking descriptor of the sink's own. What the pipe has no room for goes to the
 * pool.
 */
export class FdSink implements Sink {
  readonly #fd: number;
  readonly #sync: boolean;
  readonly #retry = new RetryTimer();
  #started = false;
  /** Another descriptor of the same pipe, which never blocks; undefined for anything else. */
  #direct: number | undefined;
  /** The buffers of the current write that are still unwritten, and the bytes written. */
  #rest: readonly Buffer[] = [];
  #written = 0;
  #done: WriteDone = () => {};

  /** @param sync whether `close` waits until all data is on the disk (fsync) */
  constructor(fd: number, sync = false) {
    this.#fd = fd;
    this.#sync = sync;
  }

  /** Whether `start` was called. */
  protected get isStarted(): boolean {
    return this.#started;
  }

  async start(): Promise<void> {
    this.#started = true;
    this.#direct ??= openDirect(this.#fd);
  }

  /** Does not repeat a failed fsync: the kernel may have dropped the data that it could not write. */
  async close(): Promise<void> {
    if (this.#direct !== undefined) {
      closeSync(this.#direct);
      this.#direct = undefined;
    }
    if (this.#sync && this.#started) {
      await promisify(fsync)(this.#fd);
    }
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    this.#rest = buffers;
    this.#written = 0;
    this.#done = done;
    if (this.#direct === undefined || !areFew(buffers)) {
      this.#writeRest();
    } else {
      this.#writeDirect(this.#direct);
    }
  }

  #writeDirect(fd: number): void {
    const [first] = this.#rest;
    try {
      const written =
        first !== undefined && this.#rest.length === 1
          ? writeSync(fd, first)
          : writevSync(fd, this.#rest);
      this.#written = written;
      this.#rest = skipBytes(this.#rest, written);
    } catch (cause) {
      const error: NodeJS.ErrnoException = toError(cause);
      if (error.code !== 'EAGAIN') {
        queueMicrotask(() => this.#finish(error));
        return;
      }
    }
    if (this.#rest.length > 0) {
      this.#writeRest();
    } else {
      queueMicrotask(this.#finishDirect);
    }
  }

  readonly #finishDirect = (): void => this.#finish(undefined);

  readonly #writeRest = (): void => {
    const [first] = this.#rest;
    if (first !== undefined && this.#rest.length === 1) {
      write(this.#fd, first, this.#onWritten);
    } else {
      writev(this.#fd, this.#rest, this.#onWritten);
    }
  };

  readonly #onWritten = (error: NodeJS.ErrnoException | null, written: number): void => {
    if (error?.code === 'EAGAIN') {
      this.#retry.schedule(this.#writeRest);
      return;
    }
    if (error !== null || written === 0) {
      this.#finish(error ?? new Error('the output accepts no more bytes'));
      return;
    }
    this.#retry.reset();
    this.#written += written;
    this.#rest = skipBytes(this.#rest, written);
    if (this.#rest.length > 0) {
      this.#writeRest();
    } else {
      this.#finish(undefined);
    }
  };

  #finish(error: Error | undefined): void {
    this.#rest = [];
    this.#done(error, this.#written);
  }
}

function areFew(buffers: readonly Buffer[]): boolean {
  let bytes = 0;
  for (const { length } of buffers) {
    bytes += length;
  }
  return bytes <= DIRECT;
}

/**
 * Opens a pipe again without blocking. Returns undefined if it is no pipe, if the descriptor is only for
 * reading, or if the system cannot do that.
 */
function openDirect(fd: number): number | undefined {
  try {
    return fstatSync(fd).isFIFO() && isWritable(fd)
      ? reopenNonBlocking(fd, constants.O_WRONLY)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The read end of a pipe must fail (EBADF): opened again, it would accept bytes. */
function isWritable(fd: number): boolean {
  const flags = fdInfo(fd)?.flags ?? constants.O_RDONLY;
  return (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0;
}
