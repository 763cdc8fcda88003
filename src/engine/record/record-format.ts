import type { DeviceInfo } from '../../usb/model.js';
import type { Outcome } from '../session/outcome.js';
import type { Gap } from '../stats/statistics.js';
import type { TransferEvent } from './event-ring.js';
import type { WriteBatch } from './write-batch.js';

/** What happens to a stream between its transfers. */
export type StreamNote =
  | { readonly kind: 'gap'; readonly gap: Gap }
  /** The device was opened, for the first time or again, perhaps with another address. */
  | { readonly kind: 'opened'; readonly device: DeviceInfo; readonly descriptors: Uint8Array };

/** Turns the events of a stream into the bytes of a file. Not on the path of a transfer. */
export interface RecordFormat {
  /** Whether it needs the data of the transfers. */
  readonly keepsData: boolean;

  /**
   * Begins a file.
   *
   * @param time that of its first event in monotonic milliseconds
   */
  begin(time: number, batch: WriteBatch): void;

  /** @param data the bytes of an OUT submission or an IN completion; valid until the batch is written */
  add(event: TransferEvent, data: Buffer, batch: WriteBatch): void;

  /**
   * Ends a file.
   *
   * @param notes what happened after the last event
   * @param end how the stream ended; undefined if another file follows
   */
  end(notes: readonly StreamNote[], end: Outcome | undefined, batch: WriteBatch): void;
}
