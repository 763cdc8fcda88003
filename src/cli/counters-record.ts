import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import type { SendStatistics } from '../transfer/send-statistics.js';
import type { Statistics } from '../transfer/statistics.js';
import { TRANSFER_STATUSES } from '../usb/transfer-status.js';

/*
 * The counters that each record for programs has.
 */

/** Of what is received. */
export function receiveCounters(statistics: ReceiveStatistics): Record<string, unknown> {
  return {
    bytes_received: statistics.bytesReceived,
    bytes_written: statistics.bytesWritten,
    bytes_skipped: statistics.bytesSkipped,
    bytes_discarded: statistics.bytesDiscarded,
    bytes_unwritten: statistics.bytesUnwritten,
    bytes_suspect: statistics.bytesSuspect,
    ...transferCounters(statistics),
    short_transfers: statistics.shortTransfers,
    empty_transfers: statistics.emptyTransfers,
    gap_count: statistics.gapCount,
  };
}

/** Of what is sent. */
export function sendCounters(statistics: SendStatistics): Record<string, unknown> {
  return {
    bytes_read: statistics.bytesRead,
    bytes_accepted: statistics.bytesAccepted,
    bytes_unsent: statistics.bytesUnsent,
    bytes_beyond: statistics.bytesBeyond,
    ...transferCounters(statistics),
    zero_length_packets: statistics.zeroLengthPackets,
  };
}

function transferCounters({ transfers, statuses }: Statistics): Record<string, unknown> {
  return {
    transfers,
    statuses: Object.fromEntries(
      TRANSFER_STATUSES.map((status) => [status.replace('-', '_'), statuses[status]]),
    ),
  };
}
