import { isReaderGone } from '../../engine/io/sink.js';
import type { TransferObserver } from '../../engine/queue/observer.js';
import type { Backend } from '../../usb/backend.js';
import { toError } from '../../usb/errors.js';
import type { DeviceInfo } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import type { Interruption } from '../session/shutdown.js';
import type { DataNames } from '../session/side-output.js';
import { planRecords, type RawRecordOptions } from './plan.js';
import { Records } from './records.js';

/** The record of control requests that are not part of a stream. */
export class ControlRecord {
  readonly #records: Records;
  readonly #observer: TransferObserver | undefined;
  #failure: Error | undefined;

  private constructor(records: Records) {
    this.#records = records;
    this.#observer = records.observer;
  }

  /**
   * Opens the file, and begins it.
   *
   * @throws CliError
   */
  static async open(
    options: RawRecordOptions,
    device: DeviceInfo,
    data: DataNames,
    shutdown: Interruption,
  ): Promise<ControlRecord | undefined> {
    const plan = planRecords(options, ['overwrite']);
    if (plan === undefined) {
      return undefined;
    }
    const stream = { device, queues: [], data, shutdown, isTaken: () => false };
    const record = new ControlRecord(await Records.open(plan, stream));
    await record.#observer?.start?.({
      fail: (cause) => {
        record.#failure = cause;
      },
    });
    return record;
  }

  /** Returns a backend whose control requests are recorded. */
  backend(backend: Backend): Backend {
    return this.#records.backend(backend);
  }

  /** @throws CliError if the file could not be written */
  async close(): Promise<void> {
    try {
      await this.#observer?.close?.(undefined);
    } catch (cause) {
      this.#failure ??= toError(cause);
    }
    if (this.#failure !== undefined && !isReaderGone(this.#failure)) {
      throw new CliError('output-failed', `the output failed: ${this.#failure.message}`, {
        cause: this.#failure,
      });
    }
  }
}
