import { Deadline } from '../timers.js';
import type { Outcome } from './outcome.js';

/** What ends a stream from outside. */
export interface StopConditions {
  /** Milliseconds from now on; without it there is no limit. */
  readonly duration?: number | undefined;
  /** Aborting it ends the stream as `interrupted`. */
  readonly signal: AbortSignal;
}

/** Stops a stream when it is time, or somebody says so. Returns what forgets both. */
export function onStop(
  { signal, duration }: StopConditions,
  stop: (end: Outcome) => void,
): () => void {
  const interrupt = (): void => stop({ reason: 'interrupted' });
  signal.addEventListener('abort', interrupt);
  if (signal.aborted) {
    interrupt();
  }
  const deadline =
    duration === undefined ? undefined : new Deadline(duration, () => stop({ reason: 'duration' }));
  return () => {
    signal.removeEventListener('abort', interrupt);
    deadline?.clear();
  };
}
