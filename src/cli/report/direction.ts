import type {
  ReceiveStatistics,
  SendStatistics,
  Statistics,
} from '../../engine/stats/statistics.js';
import { TRANSFER_STATUSES } from '../../usb/transfer-status.js';
import { countOf } from '../terminal/format.js';

/** The counters of each direction that a stream has. */
export interface StreamStatistics {
  readonly in?: ReceiveStatistics;
  readonly out?: SendStatistics;
}

/** One direction of a stream, with the counters that only this direction has. */
export interface Direction {
  readonly name: 'in' | 'out';
  readonly statistics: Statistics;
  /** Bytes that the output must accept before the stream can end. */
  readonly bytesToWrite: number;
  /** Bytes in the current write. */
  readonly bytesBeingWritten: number;
  /** All counters, by their names in JSON. */
  counters(): Record<string, unknown>;
  /** The end of the stream that delays the device if it lags; undefined if pauses are normal there. */
  readonly delayedBy: 'output' | 'input' | undefined;
  /** What a status line contains in addition to the common counters. */
  remarks(): readonly string[];
  /** Which bytes were delivered, and how many may be lost if the process exits now. */
  progressSummary(): string;
}

/** The directions of a stream: receiving first. */
export function directionsOf({ in: received, out: sent }: StreamStatistics): Direction[] {
  return [
    ...(received ? [receiving(received)] : []),
    ...(sent ? [sending(sent, received !== undefined)] : []),
  ];
}

/** The direction from the device. */
export function receiving(statistics: ReceiveStatistics): Direction {
  return {
    name: 'in',
    statistics,
    delayedBy: 'output',
    get bytesToWrite() {
      return statistics.bytesBuffered;
    },
    get bytesBeingWritten() {
      return statistics.bytesBeingWritten;
    },
    counters: () => ({
      bytes_received: statistics.bytesReceived,
      bytes_written: statistics.bytesWritten,
      bytes_skipped: statistics.bytesSkipped,
      bytes_discarded: statistics.bytesDiscarded,
      bytes_unwritten: statistics.bytesUnwritten,
      bytes_suspect: statistics.bytesSuspect,
      bytes_flushed: statistics.bytesFlushed,
      bytes_after_stop: statistics.bytesAfterStop,
      bytes_stripped: statistics.bytesStripped,
      packets_stripped: statistics.packetsStripped,
      ...transferCounters(statistics),
      short_transfers: statistics.shortTransfers,
      empty_transfers: statistics.emptyTransfers,
      gap_count: statistics.gapCount,
      restarts: {
        reset: statistics.restarts.reset,
        clear_halt: statistics.restarts['clear-halt'],
        reopen: statistics.restarts.reopen,
      },
    }),
    remarks: () => (statistics.gapCount > 0 ? [countOf(statistics.gapCount, 'gap')] : []),
    // A write that hangs may have written part of its data.
    progressSummary: () =>
      `at least ${statistics.bytesWritten} bytes were written, ` +
      `at most ${statistics.bytesBuffered + statistics.bytesUnwritten} received but not written`,
  };
}

/**
 * The direction to the device.
 *
 * @param isDialogue whether data is received, too: then the input pauses between messages
 */
export function sending(statistics: SendStatistics, isDialogue = false): Direction {
  return {
    name: 'out',
    statistics,
    delayedBy: isDialogue ? undefined : 'input',
    bytesToWrite: 0,
    bytesBeingWritten: 0,
    counters: () => ({
      bytes_read: statistics.bytesRead,
      bytes_accepted: statistics.bytesAccepted,
      bytes_unsent: statistics.bytesUnsent,
      bytes_after_gap: statistics.bytesAfterGap,
      ...transferCounters(statistics),
      zero_length_packets: statistics.zeroLengthPackets,
    }),
    remarks: () => [],
    progressSummary: () => `the device accepted at least ${statistics.bytesAccepted} bytes`,
  };
}

function transferCounters({ transfers, statuses, failures }: Statistics): Record<string, unknown> {
  return {
    transfers,
    statuses: Object.fromEntries(
      TRANSFER_STATUSES.map((status) => [status.replace('-', '_'), statuses[status]]),
    ),
    failures: {
      stall: failures.stall,
      error: failures.error,
      overflow: failures.overflow,
      device_lost: failures['device-lost'],
      device_reset: failures['device-reset'],
    },
  };
}
