import { constants, fstatSync, openSync, writeSync } from 'node:fs';

/** The maximum number of pending bytes. Text is dropped while this many are pending. */
const MAX_PENDING = 64 * 1024;

/** The time between two attempts to write to a full pipe, in milliseconds. */
const RETRY_DELAY = 20;

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
      this.#failure ??= new Error('the reader is not reading');
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
          throw new Error('accepts nothing');
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

/**
 * Opens a non-blocking descriptor of the same file as another one. It is separate, because O_NONBLOCK
 * on the given one would affect every process that shares it.
 *
 * @returns undefined if that is impossible: for a socket, another user's terminal, or without /proc
 */
export function nonBlocking(fd: number): number | undefined {
  try {
    if (fstatSync(fd).isFile()) {
      return fd; // a file never blocks, and a new descriptor would start at its beginning
    }
    const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}
