import type { TransferStatus } from '../../usb/transfer-status.js';
import type { EndReason, Outcome } from '../session/outcome.js';
import { QueueTimings } from './timings.js';

/**
 * What happened to the transfers of one direction, in plain counters. The engine writes them, and
 * decides nothing by them; nothing is computed or formatted until it is read.
 */
export abstract class Statistics {
  /** Transfers that ended, by the way they ended. */
  readonly statuses: Record<TransferStatus, number> = {
    completed: 0,
    error: 0,
    'timed-out': 0,
    cancelled: 0,
    stall: 0,
    'no-device': 0,
    overflow: 0,
  };
  /**
   * Transfers that ended, by the bytes that they moved: none, 1, 2, 3 to 4, 5 to 8 and so on; class n
   * goes up to 2 to the power of n - 1.
   */
  readonly sizes = new Float64Array(33);
  /** Transfers that were submitted; each one ends. */
  submissions = 0;
  /** Transfers that ended, whatever their status. */
  transfers = 0;
  /** Transfers that moved at least one byte, whatever their status. */
  transfersWithData = 0;
  /** Bytes that transfers moved, whatever their status. */
  bytesMoved = 0;
  /** The most bytes that ever waited: received, for the output; read, to be submitted. */
  bytesBufferedPeak = 0;
  /** When the first transfer was submitted and when all was done: monotonic milliseconds. */
  startedAt = 0;
  endedAt = 0;
  /** When data moved, and how well the transfer queue was kept full. */
  readonly timings: QueueTimings;

  /** @param depth transfers in a full queue */
  constructor(depth: number) {
    this.timings = new QueueTimings(depth);
  }

  /** Bytes that have reached their destination: the output, or the device. */
  abstract get bytesDelivered(): number;

  /** Bytes received and not written yet, or read and not taken by the device yet. */
  abstract get bytesBuffered(): number;

  /** Counts one completion. */
  count(status: TransferStatus, _requested: number, moved: number): void {
    this.statuses[status] += 1;
    this.transfers += 1;
    this.bytesMoved += moved;
    const sizeClass = moved === 0 ? 0 : 33 - Math.clz32(moved - 1);
    this.sizes[sizeClass] = (this.sizes[sizeClass] ?? 0) + 1;
    if (moved > 0) {
      this.transfersWithData += 1;
    }
  }

  /** Transfers in flight. */
  get inFlight(): number {
    return this.submissions - this.transfers;
  }

  /** From the first submission to the end: seconds. */
  get seconds(): number {
    return this.secondsAt(this.endedAt);
  }

  /** From the first submission to a time in monotonic milliseconds: seconds; 0 before it. */
  secondsAt(time: number): number {
    return this.startedAt === 0 ? 0 : (time - this.startedAt) / 1000;
  }

  /** Average rate: bytes delivered per second; 0 if it took no time. */
  get bytesPerSecond(): number {
    return this.seconds > 0 ? this.bytesDelivered / this.seconds : 0;
  }
}

/** A place in the output where bytes from the device may be missing. */
export interface Gap {
  /** Bytes of the output before it. */
  readonly offset: number;
  /** Seconds from the first submission to what caused it. */
  readonly seconds: number;
  readonly cause: EndReason;
}

/** Gaps that are recorded; more are only counted. */
const MOST_GAPS = 1000;

/**
 * What happened to received bytes. At the end:
 * `bytesReceived = bytesWritten + bytesSkipped + bytesDiscarded + bytesUnwritten`.
 */
export class ReceiveStatistics extends Statistics {
  /** Transfers that completed with some bytes, but fewer than asked for. */
  shortTransfers = 0;
  /** Transfers that completed without a byte: zero-length packets. */
  emptyTransfers = 0;
  /** Bytes that the sink took. */
  bytesWritten = 0;
  /** Bytes at the beginning that were discarded as requested. */
  bytesSkipped = 0;
  /** Bytes after the limit in the last packet, which were discarded. */
  bytesDiscarded = 0;
  /** Bytes that were received, but not taken by a failed or closed sink. */
  bytesUnwritten = 0;
  /** Bytes that came with an overflow, among those received: their contents are undefined. */
  bytesSuspect = 0;
  /** Bytes in the write that is under way. */
  bytesBeingWritten = 0;
  /** The first 1000 gaps, and the number of all. */
  readonly gaps: Gap[] = [];
  gapCount = 0;

  override count(status: TransferStatus, requested: number, received: number): void {
    super.count(status, requested, received);
    this.bytesBufferedPeak = Math.max(this.bytesBufferedPeak, this.bytesBuffered);
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

  /** Records that bytes may be missing: by default, after what is written now. */
  recordGap({ reason, offset = this.bytesWritten, at = performance.now() }: Outcome): Gap {
    const gap = { offset, seconds: (at - this.startedAt) / 1000, cause: reason };
    this.gapCount += 1;
    if (this.gaps.length < MOST_GAPS) {
      this.gaps.push(gap);
    }
    return gap;
  }

  /** Bytes that transfers brought, whatever their status. */
  get bytesReceived(): number {
    return this.bytesMoved;
  }

  override get bytesDelivered(): number {
    return this.bytesWritten;
  }

  override get bytesBuffered(): number {
    return (
      this.bytesReceived -
      this.bytesWritten -
      this.bytesSkipped -
      this.bytesDiscarded -
      this.bytesUnwritten
    );
  }
}

/**
 * What happened to the bytes to send. At the end:
 * `bytesRead = bytesAccepted + bytesUnsent`.
 */
export class SendStatistics extends Statistics {
  /** Bytes that were read from the input, without those skipped. */
  bytesRead = 0;
  /**
   * Bytes that the device took, up to the first that it did not. Plus those skipped, this is where a
   * second run must resume.
   */
  bytesAccepted = 0;
  /**
   * Bytes that the device took after the first that it did not: there is a gap before them. After a
   * protocol error, a host controller may continue with what is queued before it can be cancelled.
   */
  bytesAfterGap = 0;
  /** Zero-length packets that the device took at the ends of messages. */
  zeroLengthPackets = 0;

  override get bytesDelivered(): number {
    return this.bytesAccepted;
  }

  override get bytesBuffered(): number {
    return this.bytesRead - this.bytesMoved;
  }

  /** Bytes that were read, and that the device did not take, or took after a gap. */
  get bytesUnsent(): number {
    return this.bytesRead - this.bytesAccepted;
  }
}
