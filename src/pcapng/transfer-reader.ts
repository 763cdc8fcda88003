import { directionOf, type TransferType } from '../usb/model.js';
import type { TransferStatus } from '../usb/transfer-status.js';
import type { ReadAt } from './file-window.js';
import { CaptureReader } from './reader.js';
import type { CapturedPacket } from './usb-header.js';
import { statusOfErrno } from './usb-packet.js';

/** A transfer in a capture file that has ended. Its data stays in the file. */
export interface CapturedTransfer {
  readonly type: TransferType;
  /** The address of the endpoint. Bit 7 is set for IN, also for endpoint 0. */
  readonly endpoint: number;
  readonly device: number;
  readonly bus: number;
  /** The name of the interface in the file; undefined if it has none. Untrusted. */
  readonly interfaceName: string | undefined;
  /** The setup packet of a control transfer; undefined if it is not in the file. */
  readonly setup: Uint8Array | undefined;
  readonly status: TransferStatus;
  /** The bytes that it moved. */
  readonly length: number;
  /** Whether it moved fewer than were asked for: a short or an empty packet ended it, or a failure. */
  readonly isShort: boolean;
  /** The packet with its data; undefined if it is not in the file. */
  readonly packet: CapturedPacket | undefined;
  /** The bytes of its data that are in the file: fewer than `length` if the capture was cut. */
  readonly captured: number;
  /** When it was submitted, or ended if that is not known, and when it ended. Nanoseconds since 1970. */
  readonly submittedAt: bigint;
  readonly endedAt: bigint;
}

/** The most submissions without a completion that are kept. */
const MAX_PENDING = 4096;

/**
 * Reads the transfers of a capture file in the order in which they ended: joins each completion with its
 * submission. Its memory is bounded.
 */
export class TransferReader {
  readonly #reader: CaptureReader;
  readonly #accepts: (packet: CapturedPacket) => boolean;
  readonly #pending = new Map<bigint, CapturedPacket>();

  /** @param accepts selects packets; the submission and the completion of a transfer alike */
  constructor(readAt: ReadAt, accepts: (packet: CapturedPacket) => boolean = () => true) {
    this.#reader = new CaptureReader(readAt);
    this.#accepts = accepts;
  }

  /** The bytes of the file that were read. */
  get offset(): number {
    return this.#reader.offset;
  }

  /**
   * Returns the next transfer; undefined at the end of the file.
   *
   * @throws CaptureError if the file is damaged or no capture
   */
  next(): CapturedTransfer | undefined {
    let transfer = this.step();
    while (transfer === 'skip') {
      transfer = this.step();
    }
    return transfer;
  }

  /** Reads one block of the file. As `next`, but returns `skip` for a block that ends no transfer. */
  step(): CapturedTransfer | 'skip' | undefined {
    const packet = this.#reader.step();
    if (packet === undefined || packet === 'skip' || !this.#accepts(packet)) {
      return packet && 'skip';
    }
    if (packet.event !== 'S') {
      return this.#join(packet);
    }
    this.#pending.delete(packet.id); // a new submission takes the last place
    this.#pending.set(packet.id, packet);
    if (this.#pending.size > MAX_PENDING) {
      this.#pending.delete(this.#pending.keys().next().value ?? 0n);
    }
    return 'skip';
  }

  /**
   * Copies data of a transfer.
   *
   * @param start the first byte to copy
   * @returns the number of bytes
   */
  copyData({ packet, captured }: CapturedTransfer, start: number, into: Buffer): number {
    const length = Math.min(into.length, captured - start);
    return packet === undefined || length <= 0
      ? 0
      : this.#reader.copyData(packet, start, into.subarray(0, length));
  }

  #join(end: CapturedPacket): CapturedTransfer {
    const found = this.#pending.get(end.id);
    this.#pending.delete(end.id);
    const submission = found?.endpoint === end.endpoint ? found : undefined;
    const isIn = directionOf(end.endpoint) === 'in';
    const packet = isIn ? end : submission;
    const length = end.event === 'C' ? Math.min(end.length, packet?.length ?? 0) : 0;
    return {
      type: end.type,
      endpoint: end.endpoint,
      device: end.device,
      bus: end.bus,
      interfaceName: end.interfaceName,
      setup: submission?.setup,
      status: end.event === 'C' ? statusOfErrno(end.status) : 'error',
      length,
      isShort: submission !== undefined && length < submission.length,
      packet,
      captured: Math.min(packet?.dataLength ?? 0, length),
      submittedAt: submission?.time ?? end.time,
      endedAt: end.time,
    };
  }
}
