import { isUnderNohup } from './inherited.js';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

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
