import { createHash, type Hash } from 'node:crypto';
import { basename } from 'node:path';
import { type Sink, takeBytes, type WriteDone } from '../../engine/io/sink.js';
import type { ObservedSubmission, TransferObserver } from '../../engine/queue/observer.js';
import type { StreamNote } from '../../engine/record/record-format.js';
import type { DeviceInfo } from '../../usb/model.js';
import { toJson } from '../terminal/sanitize.js';
import { version } from '../version.js';
import type { SigmfType } from './sigmf-type.js';
import { isoMicroseconds, WallClock } from './wall-clock.js';

/** The version of the specification. */
const SPECIFICATION = '1.0.0';

/** A place in the data from where the samples follow each other without a gap. */
interface CaptureSegment {
  readonly 'core:sample_start': number;
  readonly 'core:datetime': string;
}

/**
 * Writes the SigMF metadata of the data of a stream (SigMF 1.0, https://sigmf.org): the type of its
 * samples, its hash, when it began, and where it has gaps.
 */
export class SigmfMetadata implements TransferObserver {
  readonly #sink: Sink;
  readonly #type: SigmfType;
  readonly #dataset: string;
  readonly #device: DeviceInfo;
  readonly #clock = new WallClock();
  readonly #hash = createHash('sha512');
  readonly #captures: CaptureSegment[] = [];
  /** The first sample of a segment whose first transfer was not submitted yet. */
  #next: number | undefined = 0;
  #started = false;

  /**
   * @param sink of the metadata
   * @param output the name of the file with the data
   */
  constructor(sink: Sink, type: SigmfType, output: string, device: DeviceInfo) {
    this.#sink = sink;
    this.#type = type;
    this.#dataset = basename(output);
    this.#device = device;
  }

  /** Returns a sink that computes the hash of what it writes to another one. */
  hashing(sink: Sink): Sink {
    return new HashingSink(sink, this.#hash);
  }

  async start(): Promise<void> {
    await this.#sink.start();
    this.#started = true;
  }

  onSubmit({ submittedAt }: ObservedSubmission): void {
    if (this.#next !== undefined) {
      this.#capture(this.#next, isoMicroseconds(this.#clock.at(submittedAt)));
      this.#next = undefined;
    }
  }

  /** Notes a gap. The segment after it begins with the next transfer: the device may be away until then. */
  note(note: StreamNote): void {
    if (note.kind === 'gap') {
      this.#next = Math.ceil(note.gap.offset / this.#type.bytes);
    }
  }

  async close(): Promise<void> {
    if (this.#started) {
      const text = Buffer.from(`${toJson(this.#metadata())}\n`);
      await new Promise<void>((resolve, reject) => {
        this.#sink.write([text], (error) => (error ? reject(error) : resolve()));
      });
    }
    await this.#sink.close();
  }

  #capture(start: number, datetime: string): void {
    // Several gaps at one place are one segment.
    if (this.#captures.at(-1)?.['core:sample_start'] === start) {
      this.#captures.pop();
    }
    this.#captures.push({ 'core:sample_start': start, 'core:datetime': datetime });
  }

  #metadata(): object {
    const { manufacturer, product, serial } = this.#device;
    const hardware = [manufacturer, product, serial].filter((part) => part !== undefined).join(' ');
    return {
      global: {
        'core:datatype': this.#type.name,
        'core:version': SPECIFICATION,
        'core:recorder': `usbxfer ${version()}`,
        'core:sha512': this.#hash.digest('hex'),
        ...(hardware === '' ? {} : { 'core:hw': hardware }),
        ...(this.#dataset.endsWith('.sigmf-data') ? {} : { 'core:dataset': this.#dataset }),
      },
      captures: this.#captures,
      annotations: [],
    };
  }
}

/** Passes data on, and adds what was written to a hash. */
class HashingSink implements Sink {
  readonly #sink: Sink;
  readonly #hash: Hash;

  constructor(sink: Sink, hash: Hash) {
    this.#sink = sink;
    this.#hash = hash;
  }

  start(): Promise<void> {
    return this.#sink.start();
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    this.#sink.write(buffers, (error, written) => {
      for (const buffer of takeBytes(buffers, written)) {
        this.#hash.update(buffer);
      }
      done(error, written);
    });
  }

  close(): Promise<void> {
    return this.#sink.close();
  }
}
