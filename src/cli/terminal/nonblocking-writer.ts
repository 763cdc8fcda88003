import { constants, fstatSync, openSync, writeSync } from 'node:fs';

/** Bytes that may wait; what is said while so many wait is lost. */
const MOST_WAITING = 64 * 1024;

/** How long to leave a full pipe alone before the next try, in milliseconds. */
const RETRY_DELAY = 20;

/**
 * Text for a descriptor that may be full, closed or stuck, and which is never waited for: what it
 * does not take at once is kept, up to a bound, and tried again.
 */
export class NonBlockingWriter {
  readonly #fd: number;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #onEmpty: () => void = () => {};
  #failure: Error | undefined;

  /** @param fd should be non-blocking, if it can ever be full */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Why something was lost, if anything was. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether all that was put is written, or lost. */
  get isEmpty(): boolean {
    return this.#waitingBytes === 0;
  }

  /** Writes it now as far as it can be: a process that dies next has said it, if anybody listens. */
  put(text: string): void {
    if (this.#waitingBytes >= MOST_WAITING) {
      this.#failure ??= new Error('nobody reads them');
      return;
    }
    const bytes = Buffer.from(text);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flush();
  }

  /** Resolves when nothing waits any more, or when the time is over. */
  async drained(milliseconds: number): Promise<void> {
    if (this.#waitingBytes === 0) {
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
      for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
        const written = writeSync(this.#fd, head);
        this.#waitingBytes -= written;
        if (written === head.length) {
          this.#waiting.shift();
        } else if (written > 0) {
          this.#waiting[0] = head.subarray(written);
        } else {
          throw new Error('takes nothing');
        }
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        // Unref'd: what nobody reads keeps no process alive.
        this.#timer = setTimeout(this.#flush, RETRY_DELAY).unref();
        return;
      }
      this.#failure ??= error as Error;
      this.#waiting.length = 0; // nobody will ever read it
      this.#waitingBytes = 0;
    }
    this.#onEmpty();
  };
}

/**
 * A descriptor for what is written to another one, which does not block when that is full; undefined
 * where the system has no way to get one: for a socket, somebody else's terminal, off Linux.
 *
 * It is one of its own: O_NONBLOCK on the given one would hold for everybody who shares it.
 */
export function nonBlocking(fd: number): number | undefined {
  try {
    if (fstatSync(fd).isFile()) {
      return fd; // takes everything; one of its own would write from the file's beginning
    }
    const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}
