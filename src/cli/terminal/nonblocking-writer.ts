import { writeSync } from 'node:fs';
import { isReaderGone } from '../../engine/io/sink.js';

/** The maximum number of pending bytes. Text is dropped while this many are pending. */
const MAX_PENDING = 64 * 1024;

/** The time between two attempts to write to a full pipe, in milliseconds. */
const RETRY_DELAY = 20;

const NOT_READING = 'the reader is not reading';

/**
 * Writes text to a descriptor that may be full, closed or stuck, without ever waiting. Text that is
 * not accepted is kept, up to a limit, and written later.
 */
export class NonBlockingWriter {
  readonly #fd: number;
  readonly #pending: Buffer[] = [];
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #onEmpty: () => void = () => {};
  #failure: Error | undefined;

  /** @param fd a non-blocking descriptor, unless it can never be full */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Why text was lost; undefined if none was. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether no text is pending. */
  get isEmpty(): boolean {
    return this.#pendingBytes === 0;
  }

  /** Writes synchronously as much as possible, so that it survives a crash. */
  put(text: string): void {
    if (this.#pendingBytes >= MAX_PENDING) {
      this.#failure ??= new Error(NOT_READING);
      return;
    }
    const bytes = Buffer.from(text);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#flush();
  }

  /** Resolves when no text is pending, or after this many milliseconds. */
  async drained(milliseconds: number): Promise<void> {
    if (this.#pendingBytes === 0) {
      return;
    }
    await new Promise<void>((resolve) => {
      const giveUp = setTimeout(resolve, milliseconds);
      this.#onEmpty = () => {
        clearTimeout(giveUp);
        resolve();
      };
    });
  }

  /**
   * Waits for the pending text, at most this many milliseconds.
   *
   * @returns why text was lost or is still pending; undefined if the reader closed the pipe
   */
  async finish(milliseconds: number): Promise<Error | undefined> {
    await this.drained(milliseconds);
    const failure = this.isEmpty ? this.#failure : new Error(NOT_READING);
    return isReaderGone(failure) ? undefined : failure;
  }

  readonly #flush = (): void => {
    clearTimeout(this.#timer);
    try {
      for (let head = this.#pending[0]; head !== undefined; head = this.#pending[0]) {
        const written = writeSync(this.#fd, head);
        this.#pendingBytes -= written;
        if (written === head.length) {
          this.#pending.shift();
        } else if (written > 0) {
          this.#pending[0] = head.subarray(written);
        } else {
          throw new Error('no bytes were accepted');
        }
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        // Pending text must not keep the process alive.
        this.#timer = setTimeout(this.#flush, RETRY_DELAY).unref();
        return;
      }
      this.#failure ??= error as Error;
      this.#pending.length = 0;
      this.#pendingBytes = 0;
    }
    this.#onEmpty();
  };
}
