import { Writable } from 'node:stream';
import type { Source } from '../engine/io/source.js';
import type { SendStatistics } from '../engine/stats/statistics.js';
import { toError } from '../usb/errors.js';
import { PushSource } from './sources.js';
import { WriteStatistics } from './statistics.js';
import { StreamRun, type StreamRunOptions } from './stream-run.js';

/** @internal Runs a stream on the device. */
export interface WriteRun extends Pick<StreamRunOptions, 'signal'> {
  run(
    source: Source,
    stopped: AbortSignal,
    onStart: (statistics: SendStatistics) => void,
  ): ReturnType<StreamRunOptions['run']>;
  /** Called with the run, when it begins and when it has ended. */
  onBegin(run: StreamRun): void;
  onEnd(run: StreamRun): void;
}

/** @internal Makes the run of a stream that sends all data of a source. */
export function sendingRun(
  { run, onEnd, signal }: WriteRun,
  source: Source,
  statistics: WriteStatistics,
  onEnded: () => void = () => {},
): StreamRun {
  const streamRun: StreamRun = new StreamRun({
    run: (stopped) => run(source, stopped, (counters) => statistics.follow(counters)),
    bytes: () => statistics.bytesAccepted,
    drop() {},
    onEnd: () => {
      onEnd(streamRun);
      onEnded();
    },
    hasGoal: true, // all of the data
    signal,
  });
  return streamRun;
}

/**
 * A Node stream to an OUT endpoint. Data is sent as soon as a transfer is free. A write is done when its
 * data is in the read-ahead; `finish` comes when the device has accepted everything.
 */
export class UsbWritable extends Writable {
  /** What has happened so far. Live. */
  readonly statistics = new WriteStatistics();
  readonly #source = new PushSource();
  readonly #run: StreamRun;
  readonly #onBegin: (run: StreamRun) => void;

  /** @internal Use `UsbDevice.writable`. */
  constructor(run: WriteRun) {
    super();
    this.#onBegin = run.onBegin;
    this.#run = sendingRun(run, this.#source, this.statistics, () => this.#onEnded());
  }

  /** @internal */
  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    this.#begin();
    this.#source.push(chunk, callback);
  }

  /** @internal */
  override _final(callback: (error?: Error | null) => void): void {
    this.#begin();
    this.#source.end();
    this.#run.ended.then(() => callback(this.#failure));
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#run.cancel().then(() => callback(error));
  }

  #begin(): void {
    if (!this.#run.isBegun) {
      this.#onBegin(this.#run);
      this.#run.begin();
    }
  }

  #onEnded(): void {
    const failure = this.#failure;
    if (failure !== undefined) {
      this.destroy(failure);
    }
    this.#source.close(); // a write in progress ends, also if the engine never had the source
  }

  get #failure(): Error | undefined {
    const { error } = this.#run;
    return error && toError(error.reason);
  }
}
