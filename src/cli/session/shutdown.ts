import { constants } from 'node:os';
import { errorRecord } from '../errors/print.js';
import { toJson } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';
import { isUnderNohup } from './startup-fds.js';
import { Suspensions } from './suspend.js';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * How long a drain may go on without the output taking anything while something waits for it, in
 * milliseconds, and for each MiB of the write under way, which tells of nothing before its end; and
 * how often to look.
 */
const STALLED = 5000;
const STALLED_PER_MIB = 1000;
const MIB = 1024 * 1024;
const LOOK = 250;

/** What a drain has to do, and how far it is. */
export interface Drain {
  /** Bytes that have got to where they were to go. */
  readonly bytesDelivered: number;
  /** Bytes that the output has yet to take. */
  readonly bytesWaiting: number;
  /** Bytes in the write under way. */
  readonly bytesUnderWay: number;
  /** What has got through for certain, and what may not have: the last words of who leaves at once. */
  account(): string;
}

/**
 * What signals do to what is under way: the first ends it with the drain, the second at once. A
 * drain on which an output hangs that takes nothing is given up after a while.
 *
 * Whoever leaves at once dies by the signal, and not with an exit code: at an exit Node waits for
 * its threads, and one of them may be stuck in a write for ever.
 */
export class ShutdownController {
  readonly #json: boolean;
  readonly #controller = new AbortController();
  readonly #suspensions = new Suspensions();
  #received: NodeJS.Signals | undefined;
  #drain: Drain | undefined;
  #timer: NodeJS.Timeout | undefined;
  #deliveredBefore = 0;
  /** Looks since something was delivered: a process that is stopped (Ctrl-Z) does not look. */
  #vainLooks = 0;

  /**
   * Listens from here on, until `dispose`.
   *
   * @param json whether the last words are for a program
   */
  constructor(json = false) {
    this.#json = json;
    for (const signal of SIGNALS) {
      process.on(signal, this.#onSignal);
    }
  }

  /** Aborts at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first signal that came. */
  get received(): NodeJS.Signals | undefined {
    return this.#received;
  }

  /** How often, and for how long, the process was stopped (SIGTSTP, SIGSTOP) and continued. */
  get suspensions(): Pick<Suspensions, 'count' | 'milliseconds'> {
    return this.#suspensions;
  }

  /** Looks at this from here on to see whether a drain gets anywhere, and to tell how far it got. */
  readonly follow = (drain: Drain): void => {
    this.#drain = drain;
  };

  dispose(): void {
    clearInterval(this.#timer);
    this.#suspensions.dispose();
    for (const signal of SIGNALS) {
      process.off(signal, this.#onSignal);
    }
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && isUnderNohup()) {
      return;
    }
    if (this.#received !== undefined) {
      this.#leave(signal, `${signal}, the second signal: left at once`);
      return;
    }
    this.#received = signal;
    this.#timer = setInterval(() => this.#watch(signal), LOOK);
    this.#controller.abort();
  };

  #watch(signal: NodeJS.Signals): void {
    const { bytesDelivered = 0, bytesWaiting = 0, bytesUnderWay = 0 } = this.#drain ?? {};
    // When all is delivered, what is left may take its time, as an fsync does: it loses nothing.
    if (bytesDelivered > this.#deliveredBefore || bytesWaiting === 0) {
      this.#deliveredBefore = bytesDelivered;
      this.#vainLooks = 0;
      return;
    }
    this.#vainLooks += 1;
    const patience = STALLED + STALLED_PER_MIB * Math.floor(bytesUnderWay / MIB);
    if (this.#vainLooks * LOOK >= patience) {
      this.#leave(signal, `${signal}: the output took nothing for ${patience / 1000} s: gave up`);
    }
  }

  /** Dies by the signal. */
  #leave(signal: NodeJS.Signals, why: string): void {
    const message = this.#drain === undefined ? why : `${why}; ${this.#drain.account()}`;
    const exitCode = 128 + constants.signals[signal];
    const record = errorRecord({ code: 'interrupted', message, exit_code: exitCode });
    logToStderr(this.#json ? toJson(record) : `usbxfer: ${message}`);
    this.dispose();
    process.kill(process.pid, signal);
  }
}

/**
 * What signals do to a command that has little to clean up: the first asks it to end, the second ends
 * it as if nobody listened.
 */
export class FirstSignal {
  readonly #onFirst: () => void;
  #received: NodeJS.Signals | undefined;

  /** Listens from here on, until `dispose`. */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
    for (const signal of SIGNALS) {
      process.on(signal, this.#onSignal);
    }
  }

  /** Undefined as long as none came. */
  get received(): NodeJS.Signals | undefined {
    return this.#received;
  }

  dispose(): void {
    for (const signal of SIGNALS) {
      process.off(signal, this.#onSignal);
    }
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && isUnderNohup()) {
      return;
    }
    this.#received = signal;
    this.dispose();
    this.#onFirst();
  };
}
