import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Outcome } from '../engine/session/outcome.js';
import type { ReadStream } from './read-stream.js';
import type { ReadStatistics } from './statistics.js';

/**
 * Passes the next chunk of a stream on to a Node stream.
 *
 * @param readable destroyed with the failure of the stream
 */
export function pushNext(readable: Readable, stream: ReadStream): void {
  stream.next().then(
    ({ value = null }) => readable.push(value),
    (error: Error) => readable.destroy(error),
  );
}

/** The data of an IN endpoint as a Node stream. It starts when it is read, and ends when it is destroyed. */
export class UsbReadable extends Readable {
  readonly #stream: ReadStream;

  /** @internal Use `UsbDevice.readable`. */
  constructor(stream: ReadStream) {
    super();
    this.#stream = stream;
  }

  /** What has happened so far. Live. `bytesDelivered` counts what the Node stream took. */
  get statistics(): ReadStatistics {
    return this.#stream.statistics;
  }

  /** Why the stream ended; undefined before, and if it could not start. */
  get outcome(): Outcome | undefined {
    return this.#stream.outcome;
  }

  /** Ends the stream without a loss: what the device has sent so far is still delivered. */
  stop(): void {
    this.#stream.stop();
  }

  /** Returns a Web stream with the data. Use one or the other. */
  toWeb(): ReadableStream<Buffer> {
    return this.#stream.toWeb();
  }

  /** @internal */
  override _read(): void {
    pushNext(this, this.#stream);
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stream.return().then(() => callback(error));
  }
}
