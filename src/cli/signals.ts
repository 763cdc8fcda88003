import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { isUnderNohup } from './inherited.js';
import { say } from './stdio.js';
import { Suspensions } from './suspensions.js';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * How long a drain may go on without anything getting written while something waits to be, in
 * milliseconds, and for each MiB of the write under way, which tells of nothing before its end; and
 * how often to look.
 */
const STALLED = 5000;
const STALLED_PER_MIB = 1000;
const MIB = 1024 * 1024;
const LOOK = 250;

/** How far a capture is. */
export type Progress = Pick<
  ReceiveStatistics,
  | 'bytesReceived'
  | 'bytesWritten'
  | 'bytesSkipped'
  | 'bytesDiscarded'
  | 'bytesUnwritten'
  | 'bytesAtSink'
>;

const NO_PROGRESS: Progress = {
  bytesReceived: 0,
  bytesWritten: 0,
  bytesSkipped: 0,
  bytesDiscarded: 0,
  bytesUnwritten: 0,
  bytesAtSink: 0,
};

/**
 * What signals do to a running capture: the first ends it with the drain, the second at once. A
 * drain on which an output hangs that takes nothing is given up after a while.
 *
 * Whoever leaves at once dies by the signal, and not with an exit code: at an exit Node waits for
 * its threads, and one of them may be stuck in a write for ever.
 */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #suspensions = new Suspensions();
  #received: NodeJS.Signals | undefined;
  #progress = NO_PROGRESS;
  #timer: NodeJS.Timeout | undefined;
  #writtenBefore = 0;
  /** Looks since something was written: a process that is stopped (Ctrl-Z) does not look. */
  #vainLooks = 0;

  /** Listens from here on, until `dispose`. */
  constructor() {
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
  readonly follow = (progress: Progress): void => {
    this.#progress = progress;
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
    const { bytesWritten, bytesUnwritten, bytesAtSink } = this.#progress;
    // When all is written, what is left may take its time, as an fsync does: it loses nothing.
    if (bytesWritten > this.#writtenBefore || this.#missing() === bytesUnwritten) {
      this.#writtenBefore = bytesWritten;
      this.#vainLooks = 0;
      return;
    }
    this.#vainLooks += 1;
    const patience = STALLED + STALLED_PER_MIB * Math.floor(bytesAtSink / MIB);
    if (this.#vainLooks * LOOK >= patience) {
      this.#leave(signal, `${signal}: the output took nothing for ${patience / 1000} s: gave up`);
    }
  }

  /** Bytes that were received for the output and are not written. */
  #missing(): number {
    const { bytesReceived, bytesWritten, bytesSkipped, bytesDiscarded } = this.#progress;
    return bytesReceived - bytesWritten - bytesSkipped - bytesDiscarded;
  }

  /** Dies by the signal. A write that is stuck may have got through in part: hence "at least". */
  #leave(signal: NodeJS.Signals, why: string): void {
    say(
      `usbxfer: ${why}; at least ${this.#progress.bytesWritten} bytes are written, ` +
        `at most ${this.#missing()} received but not written`,
    );
    this.dispose();
    process.kill(process.pid, signal);
  }
}
