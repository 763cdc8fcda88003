import type { Endpoint } from '../usb/backend.js';
import { UsbError } from '../usb/errors.js';
import { toError } from '../usb/to-error.js';
import type { TransferStatus } from '../usb/transfer-status.js';
import { Backlog } from './backlog.js';
import { type End, isClean, worse } from './end.js';
import { type Limits, Quota } from './limits.js';
import { ReorderQueue } from './reorder-queue.js';
import type { Sink } from './sink.js';
import { Statistics } from './statistics.js';
import { type TimeOutOptions, TimeOuts } from './time-outs.js';
import { TransferPool } from './transfer-pool.js';
import { Writer } from './writer.js';

/** Received bytes that may wait for the sink before submitting pauses, unless told otherwise. */
export const DEFAULT_BACKLOG = 64 * 1024 * 1024;

/**
 * Bytes to submit again in one turn of the event loop; the rest goes at its end. While transfers are
 * submitted, others complete, and node-usb serves up to a thousand of them before the loop turns:
 * so long nobody would hear that the sink has written, and the backlog would grow.
 */
const TURN_BYTES = 1024 * 1024;

/** What to receive, and how. */
export interface ReceiveOptions extends Limits, TimeOutOptions {
  /** Transfers kept in flight, from 1 on. */
  readonly depth: number;
  /** Bytes in each transfer: at least one packet of the endpoint. A fraction of one is left out. */
  readonly transferSize: number;
  /**
   * Received bytes that may wait for the sink before submitting pauses, from 1 on; 64 MiB by
   * default. Memory is used as it is needed.
   */
  readonly backlog?: number | undefined;
  /** The most bytes that the bus can carry in a second, where that is known. */
  readonly wireRate?: number | undefined;
  /** Told once, when the system has no memory for the whole pool, how many transfers are left. */
  readonly onShrink?: ((depth: number) => void) | undefined;
}

/**
 * Keeps a pool of transfers in flight on an IN endpoint and writes what they bring to a sink, in
 * the order of submission, whatever their status.
 *
 * ```text
 *            submit                  complete                  in order           write
 *   buffers ────────▶ transfer pool ──────────▶ reorder queue ──────────▶ backlog ──────▶ sink
 *      ▲               (in flight)                                                         │
 *      └───────────────────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * A completed transfer is submitted again at once, with another buffer, while its own buffer waits
 * for the sink. With the backlog full, submitting pauses: the device is NAKed and nothing is lost.
 *
 * Every end is the same drain: stop submitting, cancel newest first, await every completion, write
 * what came. Then `run` may be called again, to go on behind a gap.
 */
export class Receiver {
  readonly statistics: Statistics;
  readonly #options: ReceiveOptions;
  readonly #quota: Quota;
  readonly #backlog: Backlog;
  readonly #completed: ReorderQueue;
  readonly #writer: Writer;
  readonly #timeOuts: TimeOuts;
  /** Transfers that the system has memory for. */
  #room = Number.POSITIVE_INFINITY;
  #endpoint: Endpoint | undefined;
  #pool: TransferPool | undefined;
  #running = false;
  /** Whether the end of this turn of the event loop is awaited, and the bytes submitted in it. */
  #turning = false;
  #turnBytes = 0;
  #packetSize = 1;
  /** Packets in a full transfer. */
  #packets = 1;
  /** Why this run ends, once it does, and since when. */
  #end: End | undefined;
  #drainingSince = 0;
  /** An end that no later run gets over: from outside, or because the sink failed. */
  #stopped: End | undefined;
  #resolve: (end: End) => void = () => {};

  /** @throws RangeError for options out of their ranges */
  constructor(sink: Sink, options: ReceiveOptions) {
    const { depth, transferSize, backlog = DEFAULT_BACKLOG } = options;
    const { bytes = Number.POSITIVE_INFINITY, skip = 0 } = options;
    if (!Number.isInteger(depth) || depth < 1) {
      throw new RangeError(`depth must be a whole number from 1 on, not ${depth}`);
    }
    if (!Number.isInteger(transferSize) || transferSize < 1) {
      throw new RangeError(`transferSize must be a whole number from 1 on, not ${transferSize}`);
    }
    if (!(backlog >= 1 && Number.isFinite(backlog))) {
      throw new RangeError(`backlog must be finite, and from 1 on, not ${backlog}`);
    }
    this.#options = options;
    this.statistics = new Statistics(depth, options.wireRate);
    this.#quota = new Quota(options);
    this.#backlog = new Backlog(depth, transferSize, backlog);
    this.#completed = new ReorderQueue(this.#backlog.buffers.capacity);
    this.#writer = new Writer(
      this.#completed,
      this.#backlog,
      sink,
      this.statistics,
      { skip, bytes },
      this.#onWritten,
    );
    this.#timeOuts = new TimeOuts(options, () => this.#drain({ reason: 'idle' }));
  }

  /**
   * Receives from an endpoint until something ends it. Resolves when everything that arrived was
   * written. Once it has, it may run again.
   *
   * Rejects with a RangeError when `transferSize` is less than one packet of the endpoint.
   */
  async run(endpoint: Endpoint): Promise<End> {
    this.#packetSize = endpoint.maxPacketSize;
    this.#packets = Math.floor(this.#options.transferSize / this.#packetSize);
    if (!(this.#packets >= 1)) {
      throw new RangeError(`transferSize must be at least ${this.#packetSize}`);
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timeOuts.start(this.#usePool(endpoint));
      this.#end = this.#stopped ?? this.#limitReached('cancelled', false);
      this.#running = true;
      const now = performance.now();
      this.statistics.startedAt ||= now;
      this.statistics.flow.start(now);
      this.#advance(now, true);
    });
  }

  /** The transfers of an endpoint are made once, however often it is run again. */
  #usePool(endpoint: Endpoint): TransferPool {
    if (this.#pool === undefined || this.#endpoint !== endpoint) {
      const { depth } = this.#options;
      const first = this.#completed.taken;
      this.#endpoint = endpoint;
      this.#pool = new TransferPool(endpoint, depth, first, this.#onComplete);
    }
    return this.#pool;
  }

  /** Ends this run, and any later one at once: the drain begins, and `run` resolves at its end. */
  stop(end: End): void {
    this.#stopped ??= end;
    if (this.#running) {
      this.#drain(end);
      this.#advance(performance.now());
    }
  }

  // A throw out of a completion would vanish in the native layer: it ends the capture instead.
  readonly #onComplete = (
    sequence: number,
    buffer: Buffer,
    requested: number,
    status: TransferStatus,
    actualLength: number,
  ): void => {
    const now = performance.now();
    try {
      this.statistics.count(status, requested, actualLength);
      this.#completed.put(sequence, buffer, actualLength);
      this.#measure(sequence, status, actualLength, now);
      this.#judge(sequence, status, actualLength < requested);
      this.#timeOuts.answered(sequence, actualLength, now);
    } catch (error) {
      this.#drain(internal(error));
    }
    this.#advance(now);
  };

  readonly #onWritten = (error: Error | undefined): void => {
    if (error !== undefined) {
      const closed = (error as NodeJS.ErrnoException).code === 'EPIPE';
      const end: End = { reason: closed ? 'reader-closed' : 'output-failed', cause: error };
      this.#stopped ??= end;
      this.#drain(end);
    }
    this.#advance(performance.now());
  };

  #measure(sequence: number, status: TransferStatus, bytes: number, now: number): void {
    const { inFlight = 0, newest = 0 } = this.#pool ?? {};
    this.statistics.flow.ended(sequence, status, bytes, inFlight, newest, now);
  }

  /** What a status means for the capture as a whole. */
  #judge(sequence: number, status: TransferStatus, short: boolean): void {
    switch (status) {
      case 'stall':
      case 'error':
      case 'overflow':
        this.#writer.markFailed(sequence);
        this.#drain({ reason: status });
        break;
      case 'no-device':
        this.#writer.markFailed(sequence);
        this.#drain({ reason: 'device-lost' });
        break;
      default:
        this.#end ??= this.#limitReached(status, short);
    }
  }

  /** Nothing is in flight then: the quota asked for no more. */
  #limitReached(status: TransferStatus, short: boolean): End | undefined {
    return this.#quota.reached(this.statistics, status, short) ? { reason: 'limit' } : undefined;
  }

  /**
   * Moves everything on as far as it goes now.
   *
   * @param turnEnds whether all that has completed in this turn of the event loop is served: what
   *   could wait for more of it need not wait any longer
   */
  #advance(now: number, turnEnds = false): void {
    const pool = this.#pool;
    if (pool === undefined || !this.#running) {
      return;
    }
    try {
      this.#writer.gather();
      this.#fill(pool, now, turnEnds ? Number.POSITIVE_INFINITY : TURN_BYTES);
    } catch (error) {
      this.#drain(internal(error));
    }
    if (turnEnds) {
      this.#turnBytes = 0;
      this.#writer.write();
    } else {
      this.#writer.writeLarge();
      this.#awaitTurnEnd();
    }
    const drained = pool.inFlight === 0 && !this.#writer.busy;
    if (this.#end !== undefined && drained && this.#running) {
      this.#finish(this.#end);
    }
  }

  #awaitTurnEnd(): void {
    if (!this.#turning) {
      this.#turning = true;
      setImmediate(this.#onTurnEnd);
    }
  }

  readonly #onTurnEnd = (): void => {
    this.#turning = false;
    this.#advance(performance.now(), true);
  };

  #finish(end: End): void {
    this.#timeOuts.stop();
    this.#running = false;
    this.statistics.endedAt = performance.now();
    const offset = this.#writer.takeFailure();
    this.#resolve(isClean(end) ? end : { ...end, offset, at: this.#drainingSince });
  }

  /**
   * Submits idle transfers while there is something left to ask for and a buffer to put it in.
   *
   * @param most bytes in this turn of the event loop
   */
  #fill(pool: TransferPool, now: number, most: number): void {
    while (this.#end === undefined && pool.hasIdle && pool.inFlight < this.#room) {
      if (this.#turnBytes >= most) {
        return;
      }
      // Never ask the device for more than is left: what it sends beyond would be lost to the next
      // run. Whole packets only, as a device may fill its last packet.
      const left = this.#quota.allowance(this.statistics, pool);
      if (left <= 0) {
        break;
      }
      const buffer = this.#backlog.buffers.take();
      if (buffer === undefined) {
        this.#timeOuts.dry = pool.inFlight === 0;
        this.statistics.flow.hold(pool.inFlight, now);
        return;
      }
      const packets = Math.min(Math.ceil(left / this.#packetSize), this.#packets);
      const length = packets * this.#packetSize;
      this.#turnBytes += length;
      try {
        pool.submit(buffer, length, now);
        this.statistics.submissions += 1;
      } catch (error) {
        this.#backlog.buffers.give(buffer);
        this.#refused(pool, error);
      }
      this.#timeOuts.dry = false;
      this.statistics.flow.submitted(now);
    }
    this.statistics.flow.full(now);
  }

  /** Without memory for all transfers, those that are in flight have to do. */
  #refused(pool: TransferPool, error: unknown): void {
    if (error instanceof UsbError && error.code === 'no-memory' && pool.inFlight > 0) {
      if (this.#room === Number.POSITIVE_INFINITY) {
        this.#options.onShrink?.(pool.inFlight);
      }
      this.#room = pool.inFlight;
      this.statistics.flow.limit(this.#room);
    } else {
      this.#drain(submitFailed(error));
    }
  }

  /** Begins the drain, or, when it has begun, notes a graver reason for it. */
  #drain(end: End): void {
    if (this.#end !== undefined) {
      this.#end = worse(this.#end, end);
      return;
    }
    this.#end = end;
    this.#drainingSince = performance.now();
    this.#pool?.cancelAll();
  }
}

function submitFailed(error: unknown): End {
  if (!(error instanceof UsbError)) {
    return internal(error);
  }
  return error.code === 'no-device'
    ? { reason: 'device-lost' }
    : { reason: 'submit-failed', cause: error };
}

function internal(error: unknown): End {
  return { reason: 'internal', cause: toError(error) };
}
