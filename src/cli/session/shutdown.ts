import { constants } from 'node:os';
import { CliError } from '../errors/cli-error.js';
import { errorRecord } from '../errors/print.js';
import { toJson } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';
import { isUnderNohup } from './startup-fds.js';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

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

interface ShutdownOptions {
  /** Whether the message of an immediate exit on stderr is a JSON object. */
  readonly json?: boolean;
  /** Called with that object before an immediate exit. */
  readonly onExit?: (record: Record<string, unknown>) => void;
  /** Whether to handle only the first signal. The second then kills the process. */
  readonly once?: boolean;
}

/**
 * Handles signals: the first starts a drain, the second kills the process. So does a drain whose
 * output makes no progress.
 *
 * An immediate exit is by the signal, not with an exit code: before a normal exit, Node waits for its
 * threads, and one of them may hang in a write.
 */
export class ShutdownController {
  readonly #options: ShutdownOptions;
  readonly #controller = new AbortController();
  #received: NodeJS.Signals | undefined;
  #drain: Drain | undefined;
  #timer: NodeJS.Timeout | undefined;
  #deliveredBefore = 0;
  /** Checks without progress. A stopped process (Ctrl-Z) does not check. */
  #checksWithoutProgress = 0;

  /** Handles signals from now on, until `dispose`. */
  constructor(options: ShutdownOptions = {}) {
    this.#options = options;
    for (const signal of SIGNALS) {
      process.on(signal, this.#onSignal);
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

  /** Sets the drain whose progress is checked and printed. */
  follow(drain: Drain): void {
    this.#drain = drain;
  }

  dispose(): void {
    clearInterval(this.#timer);
    for (const signal of SIGNALS) {
      process.off(signal, this.#onSignal);
    }
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && isUnderNohup()) {
      return;
    }
    if (this.#received !== undefined) {
      this.#exit(signal, `second ${signal}: exiting immediately`);
      return;
    }
    this.#received = signal;
    if (this.#options.once) {
      this.dispose();
    } else {
      this.#timer = setInterval(() => this.#check(signal), CHECK_INTERVAL);
    }
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
    process.kill(process.pid, signal);
  }
}
