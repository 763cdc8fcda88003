import type { Outcome } from '../engine/session/outcome.js';
import type { StreamResult } from '../engine/session/run.js';
import { errorOf } from './stream-error.js';

/** What the engine runs for a stream, and what surrounds it. */
export interface StreamRunOptions {
  /** Runs the stream to its end. Called at most once. */
  run(stopped: AbortSignal): Promise<Omit<StreamResult<unknown>, 'statistics'>>;
  /** The bytes for a `StreamError`. */
  bytes(): number;
  /** Called when the consumer is gone: data for it is dropped, and no more is expected from it. */
  drop(): void;
  /** Called once, when the run has ended; see `error`. */
  onEnd(): void;
  /** See `errorOf`. */
  readonly hasGoal: boolean;
  /** Cancels the run with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One run of the engine for a stream object. Nothing is opened before `begin`. However it ends, `ended`
 * resolves when every transfer has completed; nothing rejects.
 */
export class StreamRun {
  readonly #options: StreamRunOptions;
  readonly #stopped = new AbortController();
  #isBegun = false;
  #isOver = false;
  #cancelReason: { readonly reason: unknown } | undefined;
  #end: () => void = () => {};
  #unlisten: () => void = () => {};
  /** Resolves when the run has ended; never rejects. */
  readonly ended: Promise<void>;
  /** How the run ended; undefined until then, and if it could not start. */
  outcome: Outcome | undefined;
  /** The failure for the consumer, in `reason`; undefined if there is none. */
  error: { readonly reason: unknown } | undefined;

  constructor(options: StreamRunOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Whether the run was begun. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Starts the run, if it was not started or ended before. */
  begin(): void {
    if (this.#isBegun) {
      return;
    }
    this.#isBegun = true;
    const { signal } = this.#options;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      this.#conclude({ reason: new TypeError('signal must be an AbortSignal') });
      return;
    }
    if (signal?.aborted) {
      this.cancel({ reason: signal.reason });
    }
    if (this.#cancelReason !== undefined || this.#stopped.signal.aborted) {
      this.#conclude(this.#cancelReason);
      return;
    }
    signal?.addEventListener('abort', this.#onAbort);
    this.#unlisten = () => signal?.removeEventListener('abort', this.#onAbort);
    this.#options.run(this.#stopped.signal).then(
      ({ end, restoreError }) => {
        this.outcome = end;
        const { hasGoal, bytes } = this.#options;
        const reason = errorOf(end, hasGoal, bytes()) ?? restoreError;
        this.#conclude(this.#cancelReason ?? (reason && { reason }));
      },
      (reason: unknown) => this.#conclude(this.#cancelReason ?? { reason }),
    );
  }

  /** Ends the run. What was received until then is still delivered. */
  stop(): void {
    this.#stopped.abort();
  }

  /**
   * Ends the run and drops its data. Resolves when it has ended.
   *
   * @param failure what the consumer gets; undefined if it asked for the end
   */
  cancel(failure?: { readonly reason: unknown }): Promise<void> {
    if (!this.#isOver && failure !== undefined) {
      this.#cancelReason ??= failure;
    }
    this.#stopped.abort();
    this.#options.drop();
    this.begin(); // a run that was not begun is over then
    return this.ended;
  }

  readonly #onAbort = (): void => {
    this.cancel({ reason: this.#options.signal?.reason });
  };

  #conclude(error: { readonly reason: unknown } | undefined): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#unlisten();
      this.error = error;
      this.#options.onEnd();
      this.#end();
    }
  }
}
