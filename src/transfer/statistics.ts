import type { TransferStatus } from '../usb/transfer-status.js';

/**
 * What happened, in plain counters; nothing is computed or formatted before somebody asks.
 *
 * Always: `bytesReceived = bytesWritten + bytesDiscarded + bytesUnwritten` once a capture ended.
 */
export class Statistics {
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
  /** Transfers that completed with fewer bytes than asked for, but some. */
  shortTransfers = 0;
  /** Transfers that completed with no byte: zero-length packets. */
  emptyTransfers = 0;
  /** Bytes that completions carried, whatever their status. */
  bytesReceived = 0;
  /** Bytes that the sink took. */
  bytesWritten = 0;
  /** Bytes behind the limit in the last packet, thrown away. */
  bytesDiscarded = 0;
  /** Bytes that were received, but that a failed or closed sink did not take. */
  bytesUnwritten = 0;
  /** Bytes written that came with an OVERFLOW: the kernel does not vouch for them. */
  bytesSuspect = 0;
  /** When the first transfer was submitted and when all was written: monotonic milliseconds. */
  startedAt = 0;
  endedAt = 0;

  /** Counts one completion. */
  count(status: TransferStatus, requested: number, received: number): void {
    this.statuses[status] += 1;
    this.bytesReceived += received;
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

  /** Transfers that ended, however. */
  get transfers(): number {
    let sum = 0;
    for (const count of Object.values(this.statuses)) {
      sum += count;
    }
    return sum;
  }

  /** From the first submission to the end: seconds. */
  get seconds(): number {
    return (this.endedAt - this.startedAt) / 1000;
  }

  /** Average rate: bytes received per second; 0 for a capture that took no time. */
  get bytesPerSecond(): number {
    return this.seconds > 0 ? this.bytesReceived / this.seconds : 0;
  }
}
