import type { TransferStatus } from '../usb/transfer-status.js';
import type { End, EndReason } from './end.js';
import { Statistics } from './statistics.js';

/** A place in the output where bytes from the device may be missing. */
export interface Gap {
  /** Bytes of the output before it. */
  readonly offset: number;
  /** Seconds from the first submission to what caused it. */
  readonly seconds: number;
  readonly cause: EndReason;
}

/** Gaps that are kept one by one; the others are only counted. */
const MOST_GAPS = 1000;

/**
 * What happened to a capture. Once it ended, always:
 * `bytesReceived = bytesWritten + bytesSkipped + bytesDiscarded + bytesUnwritten`.
 */
export class ReceiveStatistics extends Statistics {
  /** Transfers that completed with fewer bytes than asked for, but some. */
  shortTransfers = 0;
  /** Transfers that completed with no byte: zero-length packets. */
  emptyTransfers = 0;
  /** Bytes that the sink took. */
  bytesWritten = 0;
  /** Bytes at the beginning, thrown away as asked. */
  bytesSkipped = 0;
  /** Bytes behind the limit in the last packet, thrown away. */
  bytesDiscarded = 0;
  /** Bytes that were received, but that a failed or closed sink did not take. */
  bytesUnwritten = 0;
  /** Bytes among those received that came with an OVERFLOW: the kernel does not vouch for them. */
  bytesSuspect = 0;
  /** Bytes in the write that the sink is at work on. */
  bytesAtSink = 0;
  /** The most bytes that ever waited for the sink. */
  backlogPeak = 0;
  /** The first of the gaps, and the number of all. */
  readonly gaps: Gap[] = [];
  gapCount = 0;

  override count(status: TransferStatus, requested: number, received: number): void {
    super.count(status, requested, received);
    this.backlogPeak = Math.max(this.backlogPeak, this.backlog);
    if (status === 'completed' && received < requested) {
      if (received === 0) {
        this.emptyTransfers += 1;
      } else {
        this.shortTransfers += 1;
      }
    } else if (status === 'overflow') {
      this.bytesSuspect += received;
    }
  }

  /** Records that bytes may be missing: behind what was written by then, if the end knows no better. */
  recordGap({ reason, offset = this.bytesWritten, at = performance.now() }: End): Gap {
    const gap = { offset, seconds: (at - this.startedAt) / 1000, cause: reason };
    this.gapCount += 1;
    if (this.gaps.length < MOST_GAPS) {
      this.gaps.push(gap);
    }
    return gap;
  }

  /** Bytes that completions carried, whatever their status. */
  get bytesReceived(): number {
    return this.bytesMoved;
  }

  override get bytesDelivered(): number {
    return this.bytesWritten;
  }

  /** Bytes that were received and may yet be written. */
  get backlog(): number {
    return (
      this.bytesReceived -
      this.bytesWritten -
      this.bytesSkipped -
      this.bytesDiscarded -
      this.bytesUnwritten
    );
  }
}
