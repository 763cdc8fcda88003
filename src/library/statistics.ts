import { type Gap, ReceiveStatistics, SendStatistics } from '../engine/stats/statistics.js';
import type { Stopwatch } from '../engine/stats/timings.js';

/** The counters of one direction of a stream. They are live: each access returns the current value. */
export abstract class StreamStatistics {
  /** @internal */
  protected abstract readonly counters: ReceiveStatistics | SendStatistics;

  /** Transfers that have completed, whatever their status. */
  get transfers(): number {
    return this.counters.transfers;
  }

  /** Transfers in flight. */
  get transfersInFlight(): number {
    return this.counters.inFlight;
  }

  /** Seconds from the first transfer until now, or until the end of the stream; 0 before the first. */
  get seconds(): number {
    const { endedAt } = this.counters;
    return this.counters.secondsAt(endedAt === 0 ? performance.now() : endedAt);
  }

  /**
   * Whether no further transfer is submitted now, because the consumer of the data, or its producer,
   * lags.
   */
  get isThrottled(): boolean {
    return this.counters.timings.throttled.running;
  }

  /** How long that was the case, in seconds. */
  get throttledSeconds(): number {
    return secondsOf(this.counters.timings.throttled);
  }

  /** How long no transfer was in flight for that reason, in seconds. The device had to wait, or lost data. */
  get starvedSeconds(): number {
    return secondsOf(this.counters.timings.starved);
  }
}

/**
 * What happened to received bytes. At any time, `bytesReceived` is the sum of `bytesDelivered`,
 * `bytesBuffered`, `bytesSkipped`, `bytesStripped` and `bytesDropped`.
 */
export class ReadStatistics extends StreamStatistics {
  /** @internal */
  protected override counters = new ReceiveStatistics(1);
  readonly #taken: () => number;

  /** @internal @param taken returns the bytes that the consumer took */
  constructor(taken: () => number) {
    super();
    this.#taken = taken;
  }

  /** @internal Shows these counters from now on. */
  follow(counters: ReceiveStatistics): void {
    this.counters = counters;
  }

  /** Bytes received, whatever the status of the transfer. */
  get bytesReceived(): number {
    return this.counters.bytesReceived;
  }

  /** Bytes that the consumer took. */
  get bytesDelivered(): number {
    return this.#taken();
  }

  /** Bytes that wait for the consumer. */
  get bytesBuffered(): number {
    const { bytesReceived, bytesDelivered, bytesSkipped, bytesStripped, bytesDropped } = this;
    return bytesReceived - bytesDelivered - bytesSkipped - bytesStripped - bytesDropped;
  }

  /** Bytes at the start that were discarded, as `skip` says. */
  get bytesSkipped(): number {
    return this.counters.bytesSkipped;
  }

  /** Bytes that were removed from the starts of packets, as `stripPacket` says. */
  get bytesStripped(): number {
    return this.counters.bytesStripped;
  }

  /** Bytes that were received after a limit, or after the consumer had left the loop or aborted. */
  get bytesDropped(): number {
    return this.counters.bytesDiscarded + this.counters.bytesUnwritten;
  }

  /** Bytes that were received before the stream and discarded, as `flush` says. In no other counter. */
  get bytesFlushed(): number {
    return this.counters.bytesFlushed;
  }

  /** The average rate in bytes per second; 0 before the first transfer. */
  get bytesPerSecond(): number {
    return rate(this.bytesDelivered, this.seconds);
  }

  /** The places where bytes may be missing: the first 1000. Their offsets count delivered bytes. */
  get gaps(): readonly Gap[] {
    return this.counters.gaps;
  }

  /** The number of all gaps. */
  get gapCount(): number {
    return this.counters.gapCount;
  }
}

/** What happened to the bytes to send. */
export class WriteStatistics extends StreamStatistics {
  /** @internal */
  protected override counters = new SendStatistics(1);

  /** @internal Shows these counters from now on. */
  follow(counters: SendStatistics): void {
    this.counters = counters;
  }

  /** Bytes that were taken from the producer. */
  get bytesRead(): number {
    return this.counters.bytesRead;
  }

  /** Bytes that the device accepted before the first gap. A second attempt must resume at this offset. */
  get bytesAccepted(): number {
    return this.counters.bytesAccepted;
  }

  /** Bytes that the device accepted after the first gap: a second attempt sends them twice. */
  get bytesAfterGap(): number {
    return this.counters.bytesAfterGap;
  }

  /**
   * Whether the device may have accepted more than the counted bytes: over USB/IP, a cancelled transfer
   * does not report what was accepted.
   */
  get isMinimum(): boolean {
    return this.counters.isMinimum;
  }

  /** Zero-length packets that the device accepted. */
  get zeroLengthPackets(): number {
    return this.counters.zeroLengthPackets;
  }

  /** The average rate in bytes per second; 0 before the first transfer. */
  get bytesPerSecond(): number {
    return rate(this.bytesAccepted, this.seconds);
  }
}

/** The statistics of a duplex stream. */
export interface DuplexStatistics {
  /** What was received. */
  readonly in: ReadStatistics;
  /** What was sent. */
  readonly out: WriteStatistics;
}

function secondsOf(stopwatch: Stopwatch): number {
  return stopwatch.millisecondsAt(performance.now()) / 1000;
}

function rate(bytes: number, seconds: number): number {
  return seconds > 0 ? bytes / seconds : 0;
}
