import { constants, fstatSync, openSync } from 'node:fs';
import { EXIT } from './exit-code.js';
import { MessageQueue } from './message-queue.js';

const STDERR = 2;

/** How long the last words may take to get through, in milliseconds. */
const LAST_WORDS = 1000;

let messages: MessageQueue | undefined;

/** Prints a command's result, text, on stdout. A reader that closed early has had enough. */
export function print(text: string): void {
  if (process.stdout.listenerCount('error') === 0) {
    process.stdout.on('error', onStdoutError);
  }
  process.stdout.write(`${text}\n`);
}

function onStdoutError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') {
    say(`usbxfer: cannot write to stdout: ${error.message}`);
    process.exitCode = EXIT.ioFailed;
  }
}

/**
 * Says something to the person, on stderr. Never waits, so that no data waits either. Nobody may be
 * listening: that is no failure.
 */
export function say(text: string): void {
  messages ??= new MessageQueue(openStderr());
  messages.put(`${text}\n`);
}

/** Waits a moment for what was said to get through. After that the process may end. */
export async function finishSaying(): Promise<void> {
  await messages?.drained(LAST_WORDS);
}

/**
 * A descriptor of stderr that does not block. For a pipe or a terminal (which Ctrl-S stops) it is
 * one of its own: O_NONBLOCK would otherwise also hold for everybody who shares stderr.
 */
function openStderr(): number {
  try {
    if (fstatSync(STDERR).isFile()) {
      return STDERR; // takes everything; one of its own would write from the file's beginning
    }
    const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
    return openSync(`/proc/self/fd/${STDERR}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket, somebody else's terminal, not Linux: Node makes stderr non-blocking when it opens
    // it, except for a terminal, and blocking again when the process ends.
    process.stderr.on('error', () => {});
    return STDERR;
  }
}
