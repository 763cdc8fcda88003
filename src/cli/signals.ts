/** The signals that stop a command. */
export const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * The listener that bin/usbxfer.js installs before anything is loaded, and the signals that it has
 * received. While it is installed, a signal does not kill the process.
 */
export interface KeptSignals {
  readonly received: ReadonlySet<NodeJS.Signals>;
  readonly keep: (signal: NodeJS.Signals) => void;
}

let kept: KeptSignals | undefined;

/** Takes over the signals of the start. Without this, none are kept: for tests. */
export function takeOver(signals: KeptSignals | undefined): void {
  kept = signals;
}

/** The signals that stop a command and were received before it could handle them. */
export function earlySignals(): readonly NodeJS.Signals[] {
  return STOP_SIGNALS.filter((signal) => kept?.received.has(signal));
}

/** Lets signals kill the process again. One that was received before the command started kills it now. */
export function restoreSignals(): void {
  const early = earlySignals();
  release();
  for (const signal of early) {
    process.kill(process.pid, signal);
  }
}

/** Kills the process with a signal. */
export function dieBy(signal: NodeJS.Signals): void {
  release();
  process.kill(process.pid, signal);
}

function release(): void {
  if (kept !== undefined) {
    for (const signal of STOP_SIGNALS) {
      process.off(signal, kept.keep);
    }
  }
}
