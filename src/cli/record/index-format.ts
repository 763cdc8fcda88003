import type { TransferEvent } from '../../engine/record/event-ring.js';
import type { RecordFormat, StreamNote } from '../../engine/record/record-format.js';
import type { WriteBatch } from '../../engine/record/write-batch.js';
import type { Outcome } from '../../engine/session/outcome.js';
import { formatEndpoint } from '../../usb/format.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { identityRecord } from '../devices/record.js';
import { toJsonLine } from '../terminal/sanitize.js';
import type { OutputPosition } from './output-position.js';
import { type ClockSample, isoMicroseconds, sampleClocks } from './wall-clock.js';

/** How often both clocks are sampled, in milliseconds. */
const CLOCK_INTERVAL = 60_000;

/** The version of the format. */
export const INDEX_SCHEMA = 'usbxfer.index/1';

/**
 * Writes where the bytes of each transfer are in the output, and when they arrived: a JSON object per line,
 * as schema/index.schema.json describes.
 */
export class IndexFormat implements RecordFormat {
  readonly keepsData = false;
  readonly #device: DeviceInfo;
  readonly #location: EndpointLocation;
  readonly #position: OutputPosition;
  #startedAt = 0;
  #sampledAt = 0;

  constructor(device: DeviceInfo, location: EndpointLocation, position: OutputPosition) {
    this.#device = device;
    this.#location = location;
    this.#position = position;
  }

  begin(time: number, batch: WriteBatch): void {
    this.#startedAt = time;
    const { address, maxPacketSize } = this.#location.endpoint;
    put(batch, {
      schema: INDEX_SCHEMA,
      type: 'start',
      device: identityRecord(this.#device),
      endpoint: formatEndpoint(address),
      max_packet_size: maxPacketSize,
      ...this.#clocks(),
    });
  }

  add(event: TransferEvent, _data: Buffer, batch: WriteBatch): void {
    this.#putGaps(event.notes, batch);
    if (!event.isCompletion) {
      return;
    }
    if (event.time - this.#sampledAt >= CLOCK_INTERVAL) {
      put(batch, { type: 'clock', ...this.#clocks() });
    }
    const { status, requested, actualLength, packetSize } = event;
    const { offset } = this.#position;
    const length = this.#position.take(actualLength, packetSize);
    if (length > 0 || status !== 'completed') {
      const short = actualLength < requested;
      put(batch, { type: 'transfer', ...this.#seconds(event.time), offset, length, short, status });
    }
  }

  end(notes: readonly StreamNote[], end: Outcome | undefined, batch: WriteBatch): void {
    this.#putGaps(notes, batch);
    const { offset } = this.#position;
    put(batch, { type: 'end', ...this.#clocks(), offset, end_reason: end?.reason ?? null });
  }

  #putGaps(notes: readonly StreamNote[], batch: WriteBatch): void {
    for (const note of notes) {
      if (note.kind === 'gap') {
        const { offset, cause, cancelled } = note.gap;
        const seconds = this.#secondsOf(this.#startedAt + note.gap.seconds * 1000);
        put(batch, { type: 'gap', seconds, offset, cause, cancelled });
      }
    }
  }

  #clocks(): { readonly seconds: number; readonly time: string } {
    const sample: ClockSample = sampleClocks();
    this.#sampledAt = sample.monotonic;
    return { ...this.#seconds(sample.monotonic), time: isoMicroseconds(sample.wall) };
  }

  #seconds(monotonic: number): { readonly seconds: number } {
    return { seconds: this.#secondsOf(monotonic) };
  }

  /** Seconds since the first submission, to the nanosecond. */
  #secondsOf(monotonic: number): number {
    return Math.round((monotonic - this.#startedAt) * 1e6) / 1e9;
  }
}

function put(batch: WriteBatch, record: Record<string, unknown>): void {
  batch.put(Buffer.from(`${toJsonLine(record)}\n`));
}
