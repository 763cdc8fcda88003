import { Duplex } from 'node:stream';
import type { Outcome } from '../engine/session/outcome.js';
import type { ReadStream } from './read-stream.js';
import { pushNext } from './readable.js';
import type { PushSource } from './sources.js';
import type { DuplexStatistics, WriteStatistics } from './statistics.js';

/**
 * A Node stream in both directions. What is written is sent as soon as a transfer is free. After `end`,
 * the readable side ends when nothing has arrived for the linger time. Read it, even if the data does not
 * matter: a device whose data is not read may stop to accept more.
 */
export class UsbDuplex extends Duplex {
  readonly #stream: ReadStream;
  readonly #source: PushSource;
  /** What has happened so far in each direction. Live. */
  readonly statistics: DuplexStatistics;

  /** @internal Use `UsbDevice.duplex`. */
  constructor(stream: ReadStream, source: PushSource, sent: WriteStatistics) {
    super();
    this.#stream = stream;
    this.#source = source;
    this.statistics = { in: stream.statistics, out: sent };
    stream.ended.then(() => {
      source.close(); // a write in progress ends, also if the engine never had the source
      if (!this.writableFinished && !this.destroyed) {
        pushNext(this, stream); // a failure or the end, also if the program only writes
      }
    });
  }

  /** Why the stream ended; undefined before, and if it could not start. */
  get outcome(): Outcome | undefined {
    return this.#stream.outcome;
  }

  /** @internal */
  override _read(): void {
    pushNext(this, this.#stream);
  }

  /** @internal */
  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    this.#stream.begin();
    this.#source.push(chunk, callback);
  }

  /** @internal */
  override _final(callback: (error?: Error | null) => void): void {
    this.#stream.begin();
    this.#source.end();
    callback();
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stream.return().then(() => callback(error));
  }
}
