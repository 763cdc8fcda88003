import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import { TRANSFER_STATUSES } from '../usb/transfer-status.js';

/** The counters that each record for programs has. */
export function countersRecord(statistics: ReceiveStatistics): Record<string, unknown> {
  return {
    bytes_received: statistics.bytesReceived,
    bytes_written: statistics.bytesWritten,
    bytes_skipped: statistics.bytesSkipped,
    bytes_discarded: statistics.bytesDiscarded,
    bytes_unwritten: statistics.bytesUnwritten,
    bytes_suspect: statistics.bytesSuspect,
    transfers: statistics.transfers,
    short_transfers: statistics.shortTransfers,
    empty_transfers: statistics.emptyTransfers,
    statuses: Object.fromEntries(
      TRANSFER_STATUSES.map((status) => [status.replace('-', '_'), statistics.statuses[status]]),
    ),
    gap_count: statistics.gapCount,
  };
}
