import { constants } from 'node:os';
import { CliError } from '../errors/cli-error.js';
import { errorRecord } from '../errors/print.js';
import { dieBy, earlySignals, STOP_SIGNALS } from '../signals.js';
import { toJson } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';
import { isUnderNohup } from './startup-fds.js';

/**
 * A signal within this many milliseconds of the first one is the same request: timeout(1), a closed
 * terminal and process managers send a signal to the process and to its group.
 */
const SAME_REQUEST = 1000;

/** How long a drain may take without progress of the output, in milliseconds. */
const STALL_TIMEOUT = 5000;

/** Additional milliseconds for each MiB of the current write, which reports progress only at its end. */
const STALL_TIMEOUT_PER_MIB = 1000;
const MIB = 1024 * 1024;

/** The time between two checks for progress, in milliseconds. */
const CHECK_INTERVAL = 250;

/** The progress of a drain. */
export interface Drain {
  readonly bytesDelivered: number;
  /** Bytes that the output must still accept. */
  readonly bytesToWrite: number;
  /** Bytes in the current write. */
  readonly bytesBeingWritten: number;
  /** Which bytes were delivered, and how many may be lost: printed on an immediate exit. */
  progressSummary(): string;
}

/** The signal that interrupted a command, and an AbortSignal for it. */
export type Interruption = Pick<ShutdownController, 'signal' | 'received'>;

/** The failure of a step that a signal interrupted; undefined if none was received. */
export function interruptedBy(
  { received }: Interruption,
  doing: string,
  cause?: unknown,
): CliError | undefined {
  return received === undefined
    ? undefined
    : new CliError('interrupted', `${received} while ${doing}`, { signal: received, cause });
}

/** @throws CliError if a signal was received */
export function throwIfInterrupted(interruption: Interruption, doing: string): void {
  const interrupted = interruptedBy(interruption, doing);
  if (interrupted !== undefined) {
    throw interrupted;
  }
}

/**
 * Does a step that a signal may end.
 *
 * @throws CliError if a signal was received, in place of what the step throws then
 */
export async function unlessInterrupted<T>(
  interruption: Interruption,
  doing: string,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await step(interruption.signal);
  } catch (error) {
    throw interruptedBy(interruption, doing, error) ?? error;
  }
}

interface ShutdownOptions {
  /** Whether the message of an immediate exit on stderr is a JSON object. */
  readonly json?: boolean;
  /** Called with that object before an immediate exit. */
  readonly onExit?: (record: Record<string, unknown>) => void;
}

/**
 * Handles signals: the first starts a drain, a second one at least a second later kills the process. So
 * does a drain whose output makes no progress.
 *
 * An immediate exit is by the signal, not with an exit code: before a normal exit, Node waits for its
 * threads, and one of them may hang in a write.
 */
export class ShutdownController {
  readonly #options: ShutdownOptions;
  readonly #controller = new AbortController();
  #received: NodeJS.Signals | undefined;
  #receivedAt: number | undefined;
  #drain: Drain | undefined;
  #timer: NodeJS.Timeout | undefined;
  #deliveredBefore = 0;
  /** Checks without progress. A stopped process (Ctrl-Z) does not check. */
  #checksWithoutProgress = 0;

  /** Handles signals until `dispose`, including those that were received before. */
  constructor(options: ShutdownOptions = {}) {
    this.#options = options;
    for (const signal of STOP_SIGNALS) {
      process.on(signal, this.#onSignal);
    }
    for (const signal of earlySignals()) {
      this.#onSignal(signal);
    }
  }

  /** Aborts at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first signal that was received. */
  get received(): NodeJS.Signals | undefined {
    return this.#received;
  }

  /** When it was received, in monotonic milliseconds. */
  get receivedAt(): number | undefined {
    return this.#receivedAt;
  }

  /** Sets the drain whose progress is checked and printed. */
  follow(drain: Drain): void {
    this.#drain = drain;
  }

  /** Stops. In the program, signals have no effect from now on. */
  dispose(): void {
    clearInterval(this.#timer);
    for (const signal of STOP_SIGNALS) {
      process.off(signal, this.#onSignal);
    }
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && isUnderNohup()) {
      return;
    }
    const now = performance.now();
    if (this.#receivedAt !== undefined) {
      if (now - this.#receivedAt >= SAME_REQUEST) {
        this.#exit(signal, `second ${signal}: exiting immediately`);
      }
      return;
    }
    this.#received = signal;
    this.#receivedAt = now;
    this.#timer = setInterval(() => this.#check(signal), CHECK_INTERVAL);
    this.#controller.abort();
  };

  #check(signal: NodeJS.Signals): void {
    const { bytesDelivered = 0, bytesToWrite = 0, bytesBeingWritten = 0 } = this.#drain ?? {};
    // With nothing left to write, the rest (an fsync) may take its time: no data is lost.
    if (bytesDelivered > this.#deliveredBefore || bytesToWrite === 0) {
      this.#deliveredBefore = bytesDelivered;
      this.#checksWithoutProgress = 0;
      return;
    }
    this.#checksWithoutProgress += 1;
    const timeout = STALL_TIMEOUT + STALL_TIMEOUT_PER_MIB * Math.floor(bytesBeingWritten / MIB);
    if (this.#checksWithoutProgress * CHECK_INTERVAL >= timeout) {
      this.#exit(signal, `${signal}: no output progress for ${timeout / 1000} s: giving up`);
    }
  }

  /** Prints why, and kills the process with the signal. */
  #exit(signal: NodeJS.Signals, why: string): void {
    const message = this.#drain === undefined ? why : `${why}; ${this.#drain.progressSummary()}`;
    const exitCode = 128 + constants.signals[signal];
    const record = errorRecord({ code: 'interrupted', message, exit_code: exitCode });
    logToStderr(this.#options.json ? toJson(record) : `usbxfer: ${message}`);
    this.#options.onExit?.(record);
    this.dispose();
    dieBy(signal);
  }
}
