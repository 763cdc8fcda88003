import type { Endpoint } from '../../usb/backend.js';
import { EpipeSink } from '../io/epipe-sink.js';
import type { Sink } from '../io/sink.js';
import type { Source } from '../io/source.js';
import { type ReceiveOptions, Receiver } from '../receive/receiver.js';
import { Sender, type SendOptions } from '../send/sender.js';
import type { ReceiveStatistics, SendStatistics } from '../stats/statistics.js';
import { internalError, isClean, moreSevere, type Outcome } from './outcome.js';

/** What happened in each direction. */
export interface DuplexStatistics {
  readonly in: ReceiveStatistics;
  readonly out: SendStatistics;
}

/** What is said in each direction, and where the answers go. */
export interface DuplexOptions {
  readonly source: Source;
  readonly sink: Sink;
  readonly receive: ReceiveOptions;
  readonly send: SendOptions;
  /** Milliseconds without data from the device that end it, once all of the input is sent. */
  readonly linger: number;
  /** Told when the reader of the answers is gone, and the input is still sent. */
  readonly onSendingAlone?: (() => void) | undefined;
}

/**
 * A receiver and a sender that run side by side. Neither cuts the other short when it ends well:
 *
 * ```text
 *   the input ends ──▶ all of it is taken ──▶ nothing has come for the linger time ──▶ the end
 *   the reader of the output is gone ──▶ the input is sent to its end ──▶ the end
 *   a limit, a signal, a failure of either ──▶ both drain ──▶ the end
 * ```
 */
export class Duplex {
  readonly statistics: DuplexStatistics;
  readonly #receiver: Receiver;
  readonly #sender: Sender;
  readonly #sink: EpipeSink;
  readonly #linger: number;
  readonly #onSendingAlone: (() => void) | undefined;
  /** How the sending ended, if it ended well: what the whole ends with in the end. */
  #sent: Outcome | undefined;
  #end: Outcome | undefined;
  #failed: 'in' | 'out' | undefined;

  /** @throws RangeError for options out of their ranges */
  constructor({ source, sink, receive, send, linger, onSendingAlone }: DuplexOptions) {
    this.#onSendingAlone = onSendingAlone;
    this.#sink = new EpipeSink(sink, this.#onReaderGone);
    this.#receiver = new Receiver(this.#sink, receive);
    this.#sender = new Sender(source, send);
    this.#linger = linger;
    this.statistics = { in: this.#receiver.statistics, out: this.#sender.statistics };
  }

  /**
   * Runs both until they have ended. What the device says is awaited when this returns.
   *
   * @param begin what has to be done before the device is sent anything; resolves to the end that it
   *   is if that fails, and does not reject
   */
  async run(
    incoming: Endpoint,
    outgoing: Endpoint,
    begin: () => Promise<Outcome | undefined> = async () => undefined,
  ): Promise<Outcome> {
    // When one cannot run, the other has to end as well, before anything is released.
    await Promise.all([
      this.#receiver.run(incoming).catch(internalError).then(this.#received),
      this.#send(outgoing, begin).catch(internalError).then(this.#wasSent),
    ]);
    const end = this.#end ?? { reason: 'internal' };
    // Bytes that a reader did not want are no limit reached.
    return end.reason === 'limit' && this.#sink.isClosed ? { reason: 'reader-closed' } : end;
  }

  /** The direction in which it failed, where it did in one. */
  get failed(): 'in' | 'out' | undefined {
    return this.#failed;
  }

  /** Ends both: the drain begins. */
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

  readonly #received = (end: Outcome): void => {
    // Silence is how it ends that lingers; it does not count.
    if (end.reason === 'idle') {
      const { in: received } = this.statistics;
      received.endedAt = Math.max(received.startedAt, received.endedAt - this.#linger);
    }
    this.#ended('in', end.reason === 'idle' ? (this.#sent ?? end) : end);
  };

  readonly #wasSent = (end: Outcome): void => {
    if (end.reason !== 'input-ended' && end.reason !== 'limit') {
      this.#ended('out', end);
    } else if (this.#end === undefined) {
      this.#sent = end;
      if (this.#sink.isClosed) {
        this.stop({ reason: 'reader-closed' });
      } else {
        this.#receiver.endWhenSilent(this.#linger);
      }
    }
  };

  /** One direction ended by itself, or as it was told to: then the reason is known. */
  #ended(direction: 'in' | 'out', end: Outcome): void {
    this.stop(end);
    if (this.#end === end && !isClean(end)) {
      this.#failed = direction;
    }
  }

  readonly #onReaderGone = (): void => {
    if (this.#sent !== undefined) {
      this.stop({ reason: 'reader-closed' });
    } else if (this.#end === undefined) {
      this.#onSendingAlone?.();
    }
  };
}
