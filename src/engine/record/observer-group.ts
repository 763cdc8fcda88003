import type {
  ObservedCompletion,
  ObservedStream,
  ObservedSubmission,
  TransferObserver,
} from '../queue/observer.js';
import type { Outcome } from '../session/outcome.js';

/** Several observers of one stream. */
class ObserverGroup implements TransferObserver {
  readonly #observers: readonly TransferObserver[];

  constructor(observers: readonly TransferObserver[]) {
    this.#observers = observers;
  }

  async start(stream: ObservedStream): Promise<void> {
    for (const observer of this.#observers) {
      await observer.start?.(stream);
    }
  }

  hasRoom(length: number, resume: () => void): boolean {
    for (const observer of this.#observers) {
      if (observer.hasRoom?.(length, resume) === false) {
        return false;
      }
    }
    return true;
  }

  onSubmit(submission: ObservedSubmission): void {
    for (const observer of this.#observers) {
      observer.onSubmit?.(submission);
    }
  }

  onComplete(completion: ObservedCompletion): void {
    for (const observer of this.#observers) {
      observer.onComplete?.(completion);
    }
  }

  /** Closes all of them, and rejects with the first failure. */
  async close(end: Outcome | undefined): Promise<void> {
    const closed = await Promise.allSettled(
      this.#observers.map(async (observer) => observer.close?.(end)),
    );
    for (const result of closed) {
      if (result.status === 'rejected') {
        throw result.reason;
      }
    }
  }
}

/** Returns one observer for all of these; undefined for none. */
export function groupObservers(
  given: readonly (TransferObserver | undefined)[],
): TransferObserver | undefined {
  const observers = given.filter((observer) => observer !== undefined);
  return observers.length > 1 ? new ObserverGroup(observers) : observers[0];
}
