import type { Backend, ClaimOptions, Endpoint } from '../../usb/backend.js';
import { caught } from '../../usb/errors.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { type OpenInterface, openInterface, openWhenReady } from '../device/open.js';
import { classifyError } from '../device/presence.js';
import { EpipeSink } from '../io/epipe-sink.js';
import type { Sink } from '../io/sink.js';
import type { Source } from '../io/source.js';
import { type ReceiveOptions, Receiver } from '../receive/receiver.js';
import { Sender, type SendOptions } from '../send/sender.js';
import type { ReceiveStatistics, SendStatistics } from '../stats/statistics.js';
import { type StreamHooks, sendRequests } from './hooks.js';
import { internalError, isClean, moreSevere, mostSevere, type Outcome } from './outcome.js';
import { onStop, type StopConditions } from './run.js';

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
  readonly onOutputClosed?: (() => void) | undefined;
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
  readonly #onOutputClosed: (() => void) | undefined;
  /** How the sending ended, if it ended well: what the whole ends with in the end. */
  #sent: Outcome | undefined;
  #end: Outcome | undefined;
  #failedDirection: 'in' | 'out' | undefined;

  /** @throws RangeError for options out of their ranges */
  constructor({ source, sink, receive, send, linger, onOutputClosed }: DuplexOptions) {
    this.#onOutputClosed = onOutputClosed;
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
  get failedDirection(): 'in' | 'out' | undefined {
    return this.#failedDirection;
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
      this.#failedDirection = direction;
    }
  }

  readonly #onReaderGone = (): void => {
    if (this.#sent !== undefined) {
      this.stop({ reason: 'reader-closed' });
    } else if (this.#end === undefined) {
      this.#onOutputClosed?.();
    }
  };
}

/** All of an exchange: with what device, through which endpoints, how, until when. */
export interface DuplexRequest extends DuplexOptions, StopConditions, StreamHooks {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  /** Two endpoints of one alternate setting. */
  readonly in: EndpointLocation;
  readonly out: EndpointLocation;
  readonly claim?: ClaimOptions | undefined;
  /** Whether the device has just appeared, and may take a moment until it can be opened. */
  readonly justPluggedIn?: boolean | undefined;
  /** Told the statistics when it begins; they count on from there. */
  readonly onStart?: ((statistics: DuplexStatistics) => void) | undefined;
}

/** How it went. */
export interface DuplexResult {
  readonly end: Outcome;
  /** The direction in which it failed, where it did in one. */
  readonly failedDirection: 'in' | 'out' | undefined;
  readonly statistics: DuplexStatistics;
  /** Why the device is not as it was found: still claimed or halted, or without its kernel driver. */
  readonly restoreError: Error | undefined;
}

/**
 * Opens the device, claims the interface, moves data in both directions at once, and puts everything
 * back whatever happened.
 *
 * @throws UsbError when the device could not be opened or claimed, RangeError for options out of
 *   their ranges; source and sink are closed then
 */
export async function duplex(request: DuplexRequest): Promise<DuplexResult> {
  const { source, sink } = request;
  const { conversation, target } = await prepare(request);
  const letGo = onStop(request, (end) => conversation.stop(end));
  const ended = await run(request, conversation, target);
  letGo();
  await source.close().catch(() => {}); // what it had is read

  let end = await classifyError(ended, target.device);
  if (end.reason !== 'device-lost') {
    end = mostSevere(end, await sendRequests(target.device, request.after));
  }
  const { failedDirection, statistics } = conversation;
  // So that a second run can go on where this one ended.
  const isHalted = end.reason !== 'device-lost' && statistics.out.statuses.stall > 0;
  const unhalted = isHalted ? await caught(target.out.clearHalt()) : undefined;
  const unwritten = await caught(sink.close());
  end = mostSevere(end, unwritten && { reason: 'output-failed', cause: unwritten });
  const unclosed = await caught(target.close());
  return { end, failedDirection, statistics, restoreError: unhalted ?? unclosed };
}

/** An interface that is open, and its endpoints. */
interface Target extends OpenInterface {
  readonly in: Endpoint;
  readonly out: Endpoint;
}

async function prepare(request: DuplexRequest) {
  const { source, sink, signal, justPluggedIn } = request;
  try {
    const conversation = new Duplex(request);
    const open = () => openTarget(request);
    return { conversation, target: await (justPluggedIn ? openWhenReady(open, signal) : open()) };
  } catch (error) {
    await Promise.all([caught(source.close()), caught(sink.close())]); // the first is told
    throw error;
  }
}

async function openTarget(request: DuplexRequest): Promise<Target> {
  const { backend, device, claim } = request;
  const opened = await openInterface(backend, device, request.in, claim);
  try {
    const endpointAt = ({ endpoint }: EndpointLocation): Endpoint =>
      opened.claimed.endpoint(endpoint.address);
    return { ...opened, in: endpointAt(request.in), out: endpointAt(request.out) };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Does not throw. */
async function run(request: DuplexRequest, conversation: Duplex, target: Target): Promise<Outcome> {
  const unready = await caught(request.sink.start());
  if (unready !== undefined) {
    return { reason: 'output-failed', cause: unready };
  }
  try {
    request.onStart?.(conversation.statistics);
    const begin = () => sendRequests(target.device, request.before, request.signal);
    return await conversation.run(target.in, target.out, begin);
  } catch (error) {
    return internalError(error);
  }
}
