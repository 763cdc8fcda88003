import type { Socket } from 'node:net';

/** Bytes that wait for a slow client, above which no more of its commands are read. */
const MAX_UNSENT = 8 * 1024 * 1024;

/** Writes replies. Those of one turn of the event loop leave together. */
export class ReplyWriter {
  readonly #socket: Socket;
  #isCorked = false;
  #isPaused = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Writes bytes, which must not change until they are sent.
   *
   * @param onSent called when they are sent, or never will be
   */
  write(bytes: Buffer, onSent?: () => void): void {
    const socket = this.#socket;
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      process.nextTick(this.#uncork);
    }
    socket.write(bytes, onSent);
    if (socket.writableLength > MAX_UNSENT && !this.#isPaused) {
      this.#isPaused = true;
      socket.pause();
      socket.once('drain', this.#resume);
    }
  }

  readonly #uncork = (): void => {
    this.#isCorked = false;
    this.#socket.uncork();
  };

  readonly #resume = (): void => {
    this.#isPaused = false;
    this.#socket.resume();
  };
}
