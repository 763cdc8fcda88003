import type { TransferStatus } from '../../usb/transfer-status.js';
import type { Restart } from '../device/restart.js';
import { PacketHeaders } from '../receive/packet-headers.js';
import {
  type EndReason,
  type FailureReason,
  failuresOf,
  type Outcome,
  type TransferFailure,
} from '../session/outcome.js';
import { QueueTimings } from './timings.js';

/** Counters of the transfers of one direction. Nothing is computed or formatted until it is read. */
export abstract class Statistics {
  /** Completions by status. */
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
   * Completions by the number of bytes moved: 0, 1, 2, 3 to 4, 5 to 8 and so on. Class n ends at 2 to
   * the power of n - 1.
   */
  readonly sizes = new Float64Array(33);
  /**
   * Events that made transfers fail, by reason. A halt or a disconnect is one event, although it fails
   * all transfers in flight. Counted when a run has ended.
   */
  readonly failures: Record<FailureReason, number> = {
    stall: 0,
    error: 0,
    overflow: 0,
    'device-lost': 0,
    'device-reset': 0,
  };
  /** Transfers that were cancelled because the last run ended: not a loss. */
  pendingAtEnd = 0;
  /** Submissions; each has exactly one completion. */
  submissions = 0;
  /** Completions, whatever their status. */
  transfers = 0;
  /** Transfers that moved at least one byte of payload, whatever their status. */
  transfersWithData = 0;
  /** Bytes moved, whatever the status. */
  bytesMoved = 0;
  /** The peak number of waiting bytes: received and not written, or read and not submitted. */
  bytesBufferedPeak = 0;
  /**
   * Since when the stream waits for a device that is lost or being restarted, in monotonic milliseconds;
   * undefined if it does not.
   */
  waitingSince: number | undefined;
  /** How often the device was restarted because it had fallen silent. */
  readonly restarts: Record<Restart, number> = { reset: 0, 'clear-halt': 0, reopen: 0 };
  /** How the device is being restarted; undefined if it is not. */
  restarting: Restart | undefined;
  /** When the first transfer was submitted, and when the last run ended, in monotonic milliseconds. */
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

  /** Bytes received and not written yet, or read and not accepted by the device yet. */
  abstract get bytesBuffered(): number;

  /** Counts one completion. */
  count(status: TransferStatus, _requested: number, moved: number): void {
    this.statuses[status] += 1;
    this.transfers += 1;
    this.bytesMoved += moved;
    const sizeClass = moved === 0 ? 0 : 33 - Math.clz32(moved - 1);
    this.sizes[sizeClass] = (this.sizes[sizeClass] ?? 0) + 1;
    if (this.payloadOf(moved) > 0) {
      this.transfersWithData += 1;
    }
  }

  /** Returns the bytes of payload in a transfer that moved this many bytes. */
  protected payloadOf(moved: number): number {
    return moved;
  }

  /** Counts the failures of a run. */
  countFailures(end: Outcome): void {
    for (const { reason } of failuresOf(end)) {
      this.failures[reason] += 1;
    }
  }

  /** Transfers in flight. */
  get inFlight(): number {
    return this.submissions - this.transfers;
  }

  /** Seconds from the first submission to the end. */
  get seconds(): number {
    return this.secondsAt(this.endedAt);
  }

  /**
   * Returns the seconds from the first submission to a monotonic time in milliseconds; 0 before it.
   */
  secondsAt(time: number): number {
    return this.startedAt === 0 ? 0 : (time - this.startedAt) / 1000;
  }

  /** The average rate of delivery in bytes per second; 0 if it took no time. */
  get bytesPerSecond(): number {
    return this.seconds > 0 ? this.bytesDelivered / this.seconds : 0;
  }
}

/** A place in the output where bytes from the device may be missing. */
export interface Gap {
  /** Bytes of the output before it. */
  readonly offset: number;
  /** Seconds from the first submission to the failure that caused it. */
  readonly seconds: number;
  /** The time of day of that failure. */
  readonly time: Date;
  /** Why the transfers failed there; `cancelled` if they did not fail; `idle` if the device was restarted. */
  readonly cause: EndReason | 'cancelled';
  /** Whether transfers were cancelled there, and may have lost data: see `DeviceInfo.cancelKeepsData`. */
  readonly cancelled: boolean;
}

/** The number of gaps that are recorded; further gaps are only counted. */
const MAX_GAPS = 1000;

/**
 * What happened to received bytes. At the end:
 * `bytesReceived = bytesWritten + bytesSkipped + bytesDiscarded + bytesUnwritten + bytesStripped`.
 */
export class ReceiveStatistics extends Statistics {
  /** Transfers that completed with some bytes, but fewer than requested. */
  shortTransfers = 0;
  /** Transfers that completed without a byte: zero-length packets. */
  emptyTransfers = 0;
  /** What is removed from each packet. */
  readonly headers: PacketHeaders;
  /** Bytes that were removed from the starts of packets, and the packets that had some. */
  bytesStripped = 0;
  packetsStripped = 0;
  /** Bytes that the sink wrote. */
  bytesWritten = 0;
  /** Bytes at the beginning that were discarded as requested. */
  bytesSkipped = 0;
  /** Bytes after the limit in the last packet, which were discarded. */
  bytesDiscarded = 0;
  /** Bytes that were received, but not written because the sink failed or was closed. */
  bytesUnwritten = 0;
  /** The received bytes of overflows, whose contents are undefined. */
  bytesSuspect = 0;
  /** Bytes that were received before the stream and discarded; none of the other counters has them. */
  bytesFlushed = 0;
  /** The bytes of payload that arrived after the stream had ended, while the device was stopped. */
  bytesAfterStop = 0;
  /** Bytes in the current write. */
  bytesBeingWritten = 0;
  /** The first 1000 gaps, and the number of all. */
  readonly gaps: Gap[] = [];
  gapCount = 0;
  /** The bytes of payload before the last gap of a restart. */
  #payloadBeforeRestart = -1;
  /**
   * Bytes for the output before the place where cancelled transfers may have lost data, see
   * `DeviceInfo.cancelKeepsData`; undefined if none did. After the end, this is the end of the stream;
   * any other place is a gap.
   */
  lossOffset: number | undefined;

  /** @param depth transfers in a full queue */
  constructor(depth: number, headers = new PacketHeaders(0)) {
    super(depth);
    this.headers = headers;
  }

  protected override payloadOf(received: number): number {
    return this.headers.payloadOf(received);
  }

  /** Counts what is removed from a transfer. */
  countStripped(received: number, payload: number): void {
    this.bytesStripped += received - payload;
    this.packetsStripped += this.headers.packetsIn(received);
  }

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

  /**
   * Counts the failures of a run, and records as a gap each one that more bytes of the output follow. A
   * halt before the first byte is no gap.
   *
   * @param continues whether the stream continues after the run: then bytes follow the last one, too
   * @returns the gaps
   */
  recordFailures(end: Outcome, continues: boolean): Gap[] {
    const failures = failuresOf(end);
    this.countFailures(end);
    const forgotten = this.#forgetErrorBefore(failures[0]);
    const loss = this.lossOffset ?? (forgotten?.cancelled ? forgotten.offset : undefined);
    const isFollowed = (offset: number): boolean => continues || offset < this.bytesWritten;
    const places: { reason: Gap['cause']; offset: number }[] = [...failures];
    if (loss !== undefined && isFollowed(loss)) {
      this.lossOffset = undefined;
      if (failures.every(({ offset }) => offset !== loss)) {
        places.push({ reason: 'cancelled', offset: loss });
      }
    }
    // Nothing was received before it, so nothing can be missing: an earlier program left the halt.
    const isInitialHalt = ({ reason, offset }: { reason: Gap['cause']; offset: number }): boolean =>
      reason === 'stall' && offset === 0 && this.bytesSkipped === 0 && loss !== 0;
    return places
      .filter((place) => isFollowed(place.offset) && !isInitialHalt(place))
      .map(({ reason, offset }) => this.recordGap(reason, offset, end.at, offset === loss));
  }

  /**
   * Counts a restart of a device that has fallen silent, and records the gap that it leaves. There is none
   * before the first byte, and only one if no byte arrived since the last restart.
   */
  recordRestart(restart: Restart): Gap | undefined {
    this.restarts[restart] += 1;
    const { lossOffset: loss, bytesOfPayload } = this;
    this.lossOffset = undefined;
    const isSame = bytesOfPayload === this.#payloadBeforeRestart;
    if (isSame || (bytesOfPayload === 0 && loss === undefined)) {
      return undefined;
    }
    this.#payloadBeforeRestart = bytesOfPayload;
    return this.recordGap('idle', loss ?? this.bytesWritten, undefined, loss !== undefined);
  }

  /**
   * A disconnect begins with errors: the last gap is part of it if it was an error at its place. Returns
   * that gap.
   */
  #forgetErrorBefore(failure: TransferFailure | undefined): Gap | undefined {
    const last = this.gaps.at(-1);
    const isPart = last?.cause === 'error' && last.offset === failure?.offset;
    if (isPart && failure?.reason === 'device-lost' && this.gaps.length === this.gapCount) {
      this.gaps.pop();
      this.gapCount -= 1;
      this.failures.error -= 1;
      return last;
    }
    return undefined;
  }

  /**
   * Records a gap.
   *
   * @param offset the bytes of the output before it
   * @param at monotonic milliseconds
   * @param cancelled see `Gap`
   */
  recordGap(cause: Gap['cause'], offset: number, at = performance.now(), cancelled = false): Gap {
    const time = new Date(Date.now() + at - performance.now());
    const gap = { offset, seconds: (at - this.startedAt) / 1000, time, cause, cancelled };
    this.gapCount += 1;
    if (this.gaps.length < MAX_GAPS) {
      this.gaps.push(gap);
    }
    return gap;
  }

  /** Bytes received, whatever the status. */
  get bytesReceived(): number {
    return this.bytesMoved;
  }

  /** Bytes received without those that were stripped from packets: exact when no transfer waits. */
  get bytesOfPayload(): number {
    return this.bytesReceived - this.bytesStripped;
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
      this.bytesUnwritten -
      this.bytesStripped
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
   * Bytes that the device accepted before the first gap. A second run must resume at this offset, plus
   * the skipped bytes.
   */
  bytesAccepted = 0;
  /**
   * Bytes that the device accepted after the first gap. After a protocol error, a host controller may
   * continue with queued transfers before they can be cancelled.
   */
  bytesAfterGap = 0;
  /**
   * Whether the device may have accepted more than the counted bytes: a cancelled transfer does not
   * report what was accepted, see `DeviceInfo.cancelKeepsData`.
   */
  isMinimum = false;
  /** Zero-length packets that the device accepted at the ends of messages. */
  zeroLengthPackets = 0;

  override get bytesDelivered(): number {
    return this.bytesAccepted;
  }

  override get bytesBuffered(): number {
    return this.bytesRead - this.bytesMoved;
  }

  /** Bytes that were read, but not accepted by the device or only after a gap. */
  get bytesUnsent(): number {
    return this.bytesRead - this.bytesAccepted;
  }
}
