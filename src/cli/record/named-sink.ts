import type { WriteDone } from '../../engine/io/sink.js';
import type { RecordSink } from '../../engine/record/transfer-recorder.js';
import { toError } from '../../usb/errors.js';
import { systemReason } from '../errors/cli-error.js';

/** Names a file in its failures: a stream has several outputs. */
export class NamedSink implements RecordSink {
  readonly #sink: RecordSink;
  readonly #name: string;

  /** @param name as in messages, such as `--record usb.pcapng` */
  constructor(sink: RecordSink, name: string) {
    this.#sink = sink;
    this.#name = name;
  }

  start(): Promise<void> {
    return this.#named(this.#sink.start());
  }

  cut(): void {
    this.#sink.cut?.();
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    this.#sink.write(buffers, (error, written) => {
      done(error && this.#nameIn(error), written);
    });
  }

  close(): Promise<void> {
    return this.#named(this.#sink.close());
  }

  async #named(step: Promise<void>): Promise<void> {
    try {
      await step;
    } catch (error) {
      throw this.#nameIn(toError(error));
    }
  }

  /** The code of the system stays: it tells whether the reader is gone. */
  #nameIn(cause: Error): Error {
    const error = new Error(`${this.#name}: ${systemReason(cause)}`, { cause });
    return Object.assign(error, 'code' in cause ? { code: cause.code } : {});
  }
}
