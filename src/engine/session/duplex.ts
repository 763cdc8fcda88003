import type { Endpoint } from '../../usb/backend.js';
import type { EndpointPair } from '../../usb/locate.js';
import { requireRange } from '../checks.js';
import { type OpenEndpointPair, openEndpointPair } from '../device/open.js';
import { EpipeSink } from '../io/epipe-sink.js';
import type { Sink } from '../io/sink.js';
import type { Source } from '../io/source.js';
import type { TransferObserver } from '../queue/observer.js';
import { flushOnce } from '../receive/flush.js';
import { checkTransferSize, type ReceiveOptions, Receiver } from '../receive/receiver.js';
import { Sender, type SendOptions } from '../send/sender.js';
import type { ReceiveStatistics, SendStatistics } from '../stats/statistics.js';
import { checkTimeout } from '../timeouts.js';
import { internalError, isClean, moreSevere, type Outcome } from './outcome.js';
import { runStream, type StreamRequest, type StreamResult } from './run.js';

/** The statistics of each direction. */
export interface DuplexStatistics {
  readonly in: ReceiveStatistics;
  readonly out: SendStatistics;
}

/** What to move in each direction, and when to end. */
export interface DuplexOptions {
  readonly source: Source;
  readonly sink: Sink;
  readonly receive: ReceiveOptions;
  readonly send: SendOptions;
  /** Milliseconds without data from the device that end the run after all of the input is sent. */
  readonly linger: number;
  /** Called when the reader of the output is gone while input is still being sent. */
  readonly onOutputClosed?: (() => void) | undefined;
}

/** What to move in each direction, through two endpoints of one device. */
export interface DuplexRequest
  extends DuplexOptions,
    EndpointPair,
    StreamRequest<DuplexStatistics> {}

export interface DuplexResult extends StreamResult<DuplexStatistics> {
  /** The direction that failed; undefined if neither did. */
  readonly failedDirection: 'in' | 'out' | undefined;
}

/**
 * Moves data in both directions at the same time.
 *
 * @throws as `runStream`; source and sink are closed then
 */
export async function duplex(request: DuplexRequest): Promise<DuplexResult> {
  const { backend, device, claim, source, sink } = request;
  let failedDirection: 'in' | 'out' | undefined;
  const ends = { source, sink };
  const result = await runStream<OpenEndpointPair, DuplexStatistics>(request, ends, (stopped) => {
    checkTransferSize(request.receive, request.in);
    const streams = new Duplex(request, request.observer);
    const flushed = flushOnce(request.receive, streams.statistics.in, stopped);
    return {
      statistics: streams.statistics,
      open: async () => {
        checkTimeout(request.receive, device);
        return openEndpointPair(backend, device, request, claim);
      },
      run: async (target, begin, finish) => {
        await flushed(target.in);
        const end = await streams.run(target.in, target.out, begin, finish);
        failedDirection = streams.failedDirection;
        return end;
      },
      stop: (end) => streams.stop(end),
      position: () => streams.position,
      record: (end) => streams.record(end),
      halted: (target) => streams.halted.map((direction) => target[direction]),
    };
  });
  return { ...result, failedDirection };
}

/**
 * A receiver and a sender that run at the same time. When one ends without a failure, the other one
 * is not cut short:
 *
 * ```text
 *   the input ends ──▶ the device has accepted all of it ──▶ no data for the linger time ──▶ end
 *   the reader of the output is gone ──▶ the input is sent to its end ──▶ end
 *   a limit, a signal, a failure of either ──▶ both drain ──▶ end
 * ```
 */
export class Duplex {
  readonly statistics: DuplexStatistics;
  readonly #receiver: Receiver;
  readonly #sender: Sender;
  readonly #sink: EpipeSink;
  readonly #linger: number;
  readonly #onOutputClosed: (() => void) | undefined;
  /** The outcome of sending without a failure: that of the run, once the receiver has ended too. */
  #sent: Outcome | undefined;
  #end: Outcome | undefined;
  /** How each direction ended. */
  readonly #ends: { in?: Outcome; out?: Outcome } = {};
  #failedDirection: 'in' | 'out' | undefined;

  /** @throws RangeError for options out of range */
  constructor(options: DuplexOptions, observer?: TransferObserver) {
    const { source, sink, receive, send, linger, onOutputClosed } = options;
    requireRange('linger', linger, 0);
    this.#onOutputClosed = onOutputClosed;
    this.#sink = new EpipeSink(sink, this.#onReaderGone);
    this.#receiver = new Receiver(this.#sink, receive, observer, true);
    this.#sender = new Sender(source, send, observer);
    this.#linger = linger;
    this.statistics = { in: this.#receiver.statistics, out: this.#sender.statistics };
  }

  /**
   * Runs both until they have ended. Submits the IN transfers before it returns.
   *
   * @param begin awaited before any data is sent or written; resolves to the outcome if it failed, and does not
   *   reject
   * @param stopDevice called at the end, if the receiver has `drainAfter`, when nothing more is sent
   */
  async run(
    incoming: Endpoint,
    outgoing: Endpoint,
    begin: () => Promise<Outcome | undefined> = async () => undefined,
    stopDevice: () => Promise<unknown> = async () => {},
  ): Promise<Outcome> {
    let begun: Promise<Outcome | undefined> | undefined;
    const beginOnce = (): Promise<Outcome | undefined> => {
      begun ??= begin();
      return begun;
    };
    const finish = (end: Outcome): Promise<unknown> => {
      this.#end ??= this.#ofBoth(end);
      this.#sender.stop(end);
      return stopDevice();
    };
    // If one cannot run, the other one must end too before anything is released.
    await Promise.all([
      this.#receiver.run(incoming, beginOnce, finish).catch(internalError).then(this.#onReceived),
      this.#send(outgoing, beginOnce).catch(internalError).then(this.#onSent),
    ]);
    const end = this.#end ?? { reason: 'internal' };
    const closed = this.#readerClosed();
    // The limit is not reached if a reader that closed the output did not get all bytes.
    return closed !== undefined && (end.reason === 'limit' || end.reason === 'interrupted')
      ? moreSevere(end, closed)
      : end;
  }

  /** The direction that failed; undefined if neither did. */
  get failedDirection(): 'in' | 'out' | undefined {
    return this.#failedDirection;
  }

  /** The directions whose endpoint is halted. */
  get halted(): ('in' | 'out')[] {
    return [
      ...(this.#receiver.isHalted ? (['in'] as const) : []),
      ...(this.#sender.isHalted ? (['out'] as const) : []),
    ];
  }

  /** The bytes for the output so far, written or not. */
  get position(): number {
    return this.#receiver.position;
  }

  /** Records the failures in each direction, given how the run ended. */
  record(outcome: Outcome): void {
    const { in: received, out: sent } = this.#ends;
    const { reason, failures = [] } = outcome;
    const wasReset = failures.some((failure) => failure.reason === 'device-reset');
    const known = (end: Outcome): Outcome =>
      wasReset ? { ...end, failures } : reason === 'device-lost' ? { ...end, reason } : end;
    if (received !== undefined) {
      this.statistics.in.recordFailures(known(received), false);
    }
    if (sent !== undefined) {
      this.statistics.out.countFailures(known(sent));
    }
  }

  /** Ends both: starts their drains. */
  stop(end: Outcome): void {
    this.#end = this.#end === undefined ? end : moreSevere(this.#end, end);
    this.#receiver.stop(end);
    this.#sender.stop(end);
  }

  async #send(outgoing: Endpoint, begin: () => Promise<Outcome | undefined>): Promise<Outcome> {
    const failure = await begin();
    if (failure !== undefined) {
      this.stop(failure);
    }
    return this.#sender.run(outgoing);
  }

  readonly #onReceived = (end: Outcome): void => {
    this.#ends.in = end;
    // The linger time at the end is not part of the time that receiving took.
    if (end.reason === 'idle') {
      const { in: received } = this.statistics;
      received.endedAt = Math.max(received.startedAt, received.endedAt - this.#linger);
    }
    this.#onEnded('in', this.#ofBoth(end));
  };

  /** The outcome of both, given that of the receiver: silence is the end of what was sent before. */
  #ofBoth(received: Outcome): Outcome {
    return received.reason === 'idle' ? (this.#sent ?? received) : received;
  }

  readonly #onSent = (end: Outcome): void => {
    this.#ends.out = end;
    if (end.reason !== 'input-ended' && end.reason !== 'limit') {
      this.#onEnded('out', end);
    } else if (this.#end === undefined) {
      this.#sent = end;
      const closed = this.#readerClosed();
      if (closed !== undefined) {
        this.stop(closed);
      } else {
        this.#receiver.setIdleTimeout(this.#linger);
      }
    }
  };

  /** Records the outcome of a direction that ended by itself, or because both were stopped. */
  #onEnded(direction: 'in' | 'out', end: Outcome): void {
    this.stop(end);
    if (this.#end === end && !isClean(end)) {
      this.#failedDirection = direction;
    }
  }

  /** The outcome if the reader of the output is gone. */
  #readerClosed(): Outcome | undefined {
    const at = this.#sink.closedAt;
    return at === undefined ? undefined : { reason: 'reader-closed', at };
  }

  readonly #onReaderGone = (): void => {
    const closed = this.#readerClosed();
    if (this.#sent !== undefined && closed !== undefined) {
      this.stop(closed);
    } else if (this.#end === undefined) {
      this.#onOutputClosed?.();
    }
  };
}
