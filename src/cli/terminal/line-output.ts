import { NonBlockingWriter } from './nonblocking-writer.js';
import { nonBlockingOutput, STDOUT, stdoutFailed } from './stdio.js';

/** How often to check for a signal while the reader accepts nothing, in milliseconds. */
const CHECK_INTERVAL = 100;

/** How long to wait at the end until the reader has accepted the last line, in milliseconds. */
const FLUSH_TIMEOUT = 5000;

/**
 * Writes lines to stdout. Waits for a slow reader without blocking the process, so that signals and
 * timers work.
 */
export class LineOutput {
  readonly #writer = new NonBlockingWriter(nonBlockingOutput(STDOUT));

  /** Whether stdout failed. */
  get isBroken(): boolean {
    return this.#writer.failure !== undefined;
  }

  /**
   * Writes a line. Resolves when the reader has accepted it, or stdout failed.
   *
   * @param signal ends the wait; `close` then writes the rest of the line
   */
  async put(line: string, signal: AbortSignal): Promise<void> {
    this.#writer.put(`${line}\n`);
    while (!this.#writer.isEmpty && !signal.aborted) {
      await this.#writer.drained(CHECK_INTERVAL);
    }
  }

  /** Writes a line as far as stdout accepts it at once. Drops it if too much is waiting. */
  log(line: string): void {
    this.#writer.put(`${line}\n`);
  }

  /**
   * Waits briefly until the reader has accepted the last line. A closed pipe is no failure.
   *
   * @throws CliError if stdout did not accept everything
   */
  async close(): Promise<void> {
    const failure = await this.#writer.finish(FLUSH_TIMEOUT);
    if (failure !== undefined) {
      throw stdoutFailed(failure);
    }
  }
}
