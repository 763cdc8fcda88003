import { say } from './stdio.js';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

/** What the signals of a running capture do: the first ends it with the drain. */
export class Interruption {
  readonly #controller = new AbortController();
  #received: NodeJS.Signals | undefined;

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

  dispose(): void {
    for (const signal of SIGNALS) {
      process.off(signal, this.#onSignal);
    }
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.#received === undefined) {
      this.#received = signal;
      this.#controller.abort();
    } else {
      // The way a process dies that never caught the signal: it cannot hang on a stuck write.
      say('usbxfer: interrupted again: left at once, the output may end early');
      this.dispose();
      process.kill(process.pid, signal);
    }
  };
}
