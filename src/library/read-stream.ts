import { ReadableStream } from 'node:stream/web';
import type { Sink } from '../engine/io/sink.js';
import type { Outcome } from '../engine/session/outcome.js';
import type { ReceiveStatistics } from '../engine/stats/statistics.js';
import { type ChunkKind, ChunkSink } from './chunk-sink.js';
import { ReadStatistics } from './statistics.js';
import { StreamRun, type StreamRunOptions } from './stream-run.js';

/** @internal Runs a stream on the device. */
export interface ReadRun extends Pick<StreamRunOptions, 'hasGoal' | 'signal'> {
  run(
    sink: Sink,
    stopped: AbortSignal,
    onStart: (statistics: ReceiveStatistics) => void,
  ): ReturnType<StreamRunOptions['run']>;
  /** Called with the run, when it begins and when it has ended. */
  onBegin(run: StreamRun): void;
  onEnd(run: StreamRun): void;
}

/**
 * The data of an IN endpoint, as an async iterable of chunks. The stream starts when the first chunk is
 * requested. A chunk says nothing about packets or messages: it has the bytes that arrived next.
 *
 * A consumer that does not ask for chunks slows the device down: when `buffer` bytes wait, no more
 * transfers are submitted (`statistics.isThrottled`). Leaving the loop ends the stream: transfers in
 * flight are cancelled, and what they had received is counted as dropped. A failure is thrown after all
 * data before it.
 */
export class ReadStream<Chunk = Buffer> implements AsyncIterableIterator<Chunk, undefined> {
  /** What has happened so far. Live. */
  readonly statistics: ReadStatistics;
  readonly #sink: ChunkSink<Chunk>;
  readonly #run: StreamRun;
  readonly #onBegin: (run: StreamRun) => void;
  #isErrorThrown = false;

  /** @internal Use `UsbDevice.read`. */
  constructor(kind: ChunkKind<Chunk>, { run, onBegin, onEnd, hasGoal, signal }: ReadRun) {
    const sink = new ChunkSink(kind);
    this.#sink = sink;
    this.#onBegin = onBegin;
    const statistics = new ReadStatistics(() => sink.bytesTaken);
    this.statistics = statistics;
    this.#run = new StreamRun({
      run: (stopped) => run(sink, stopped, (counters) => statistics.follow(counters)),
      bytes: () => sink.bytesTaken,
      drop: () => sink.drop(),
      onEnd: () => {
        onEnd(this.#run);
        sink.end();
      },
      ...{ hasGoal, signal },
    });
  }

  /** Why the stream ended, without a failure or with one; undefined before, and if it could not start. */
  get outcome(): Outcome | undefined {
    return this.#run.outcome;
  }

  /**
   * Returns the next chunk. The first call starts the stream.
   *
   * @throws StreamError if the stream failed; UsbError if it cannot start; RangeError or TypeError for a
   *   wrong option; the reason of the signal. Thrown once; the stream is over then.
   */
  next(): Promise<IteratorResult<Chunk, undefined>> {
    this.begin();
    const value = this.#sink.poll();
    if (value !== undefined) {
      return Promise.resolve({ done: false, value });
    }
    return new Promise((resolve, reject) => {
      this.#sink.await((chunk) => {
        const { error } = this.#run;
        if (chunk !== undefined) {
          resolve({ done: false, value: chunk });
        } else if (error === undefined || this.#isErrorThrown) {
          resolve({ done: true, value: undefined });
        } else {
          this.#isErrorThrown = true;
          reject(error.reason);
        }
      });
    });
  }

  /** @internal Starts the stream, unless it was started. */
  begin(): void {
    if (!this.#run.isBegun) {
      this.#onBegin(this.#run);
      this.#run.begin();
    }
  }

  /** @internal Resolves when the stream has ended; never rejects. */
  get ended(): Promise<void> {
    return this.#run.ended;
  }

  /**
   * Ends the stream and drops what was not taken; a loop that is left calls it. Resolves when every
   * transfer has completed. Never rejects.
   */
  async return(): Promise<IteratorResult<Chunk, undefined>> {
    await this.#run.cancel();
    this.#isErrorThrown = true; // no caller waits for it
    return { done: true, value: undefined };
  }

  /** Ends the stream without a loss: what the device has sent so far is still delivered. */
  stop(): void {
    this.#run.stop();
  }

  /** Returns the stream as a Web stream. Use one or the other. */
  toWeb(): ReadableStream<Chunk> {
    return new ReadableStream<Chunk>(
      {
        pull: async (controller) => {
          const { done, value } = await this.next();
          if (done) {
            controller.close();
          } else {
            controller.enqueue(value);
          }
        },
        cancel: async () => {
          await this.return();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Returns the stream itself. It can be iterated once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the stream, as `return` does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
