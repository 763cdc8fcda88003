import { CliError } from './cli-error.js';
import { MessageQueue } from './message-queue.js';
import { nonBlocking } from './non-blocking.js';
import { systemReason } from './system-reason.js';

const STDOUT = 1;

/** How often to look whether a reader that takes nothing is still worth waiting for, in milliseconds. */
const LOOK = 100;

/** How long the last line may take to get through, in milliseconds. */
const LAST_WORDS = 5000;

/**
 * Lines on stdout, one after another as they come to be. A reader that is slow is waited for, without
 * blocking the process, as a write of Node's to a full pipe would: signals and timers are served.
 */
export class LineOutput {
  readonly #queue = new MessageQueue(nonBlocking(STDOUT) ?? stdoutOfNode());

  /** Whether nothing can be written any more. */
  get isBroken(): boolean {
    return this.#queue.failure !== undefined;
  }

  /**
   * Writes a line, and resolves when the reader has it, or never will.
   *
   * @param signal ends the wait; what then is left of the line gets its chance in `close`
   */
  async put(line: string, signal: AbortSignal): Promise<void> {
    this.#queue.put(`${line}\n`);
    while (!this.#queue.isEmpty && !signal.aborted) {
      await this.#queue.drained(LOOK);
    }
  }

  /**
   * Waits a moment for the last line to get through. A reader that closed the pipe has had enough.
   *
   * @throws CliError when stdout did not take everything
   */
  async close(): Promise<void> {
    await this.#queue.drained(LAST_WORDS);
    const cause = this.#queue.isEmpty ? this.#queue.failure : new Error('nobody reads it');
    if (cause !== undefined && (cause as NodeJS.ErrnoException).code !== 'EPIPE') {
      const message = `cannot write to stdout: ${systemReason(cause)}`;
      throw new CliError('output-failed', message, { cause });
    }
  }
}

/** Node makes a pipe or socket on stdout non-blocking. */
function stdoutOfNode(): number {
  process.stdout.on('error', () => {});
  return STDOUT;
}
