import type { TransferStatus } from '../usb/transfer-status.js';
import { Flow } from './flow.js';

/**
 * What happened to the transfers of one direction, in plain counters; nothing is computed or
 * formatted before somebody asks.
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
   * Transfers that ended, by the bytes that they moved: none, 1, 2, 3 to 4, 5 to 8 and so on; the
   * nth of these classes goes up to 2 to the power of n - 1.
   */
  readonly sizes = new Float64Array(33);
  /** Transfers that were submitted; each of them ends. */
  submissions = 0;
  /** Transfers that ended with at least one byte moved, however. */
  transfersWithData = 0;
  /** Bytes that transfers moved, whatever their status. */
  bytesMoved = 0;
  /** When the first transfer was submitted and when all was done: monotonic milliseconds. */
  startedAt = 0;
  endedAt = 0;
  /** When data moved, and how well the pool was kept full. */
  readonly flow: Flow;

  /**
   * @param depth transfers in a full pool
   * @param wireRate the most bytes that the bus can carry in a second; Infinity if unknown
   */
  constructor(depth: number, wireRate = Number.POSITIVE_INFINITY) {
    this.flow = new Flow(depth, wireRate);
  }

  /** Bytes that have got to where they were to go: the output, or the device. */
  abstract get bytesDelivered(): number;

  /** Counts one completion. */
  count(status: TransferStatus, _requested: number, moved: number): void {
    this.statuses[status] += 1;
    this.bytesMoved += moved;
    const sizeClass = moved === 0 ? 0 : 33 - Math.clz32(moved - 1);
    this.sizes[sizeClass] = (this.sizes[sizeClass] ?? 0) + 1;
    if (moved > 0) {
      this.transfersWithData += 1;
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

  /** Average rate: bytes delivered per second; 0 for what took no time. */
  get bytesPerSecond(): number {
    return this.seconds > 0 ? this.bytesDelivered / this.seconds : 0;
  }
}
