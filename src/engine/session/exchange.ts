import type { Backend, ClaimOptions, DeviceInfo, Endpoint } from '../../usb/backend.js';
import { failureOf } from '../../usb/errors.js';
import type { EndpointLocation } from '../../usb/locate.js';
import { wireRate } from '../../usb/speed.js';
import { type OpenInterface, openInterface, openWhenReady } from '../device/open.js';
import { explainError } from '../device/presence.js';
import { Conversation, type ConversationOptions, type ConversationStatistics } from './duplex.js';
import { type ControlMessages, sendMessages } from './hooks.js';
import { type End, gravest, internal } from './outcome.js';
import { type Stops, stopAt } from './run.js';

/** All of an exchange: with what device, through which endpoints, how, until when. */
export interface ExchangeRequest extends ConversationOptions, Stops, ControlMessages {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  /** Two endpoints of one alternate setting. */
  readonly in: EndpointLocation;
  readonly out: EndpointLocation;
  readonly claim?: ClaimOptions | undefined;
  /** Whether the device has just appeared, and may take a moment until it can be opened. */
  readonly fresh?: boolean | undefined;
  /** Told the statistics when it begins; they count on from there. */
  readonly onStart?: ((statistics: ConversationStatistics) => void) | undefined;
}

/** How it went. */
export interface ExchangeResult {
  readonly end: End;
  /** The direction in which it failed, where it did in one. */
  readonly failed: 'in' | 'out' | undefined;
  readonly statistics: ConversationStatistics;
  /** Why the device is not as it was found: still claimed or halted, or without its kernel driver. */
  readonly unrestored: Error | undefined;
}

/**
 * Opens the device, claims the interface, moves data in both directions at once, and puts everything
 * back whatever happened.
 *
 * @throws UsbError when the device could not be opened or claimed, RangeError for options out of
 *   their ranges; source and sink are closed then
 */
export async function exchange(request: ExchangeRequest): Promise<ExchangeResult> {
  const { source, sink } = request;
  const { conversation, target } = await prepare(request);
  const letGo = stopAt(request, (end) => conversation.stop(end));
  const ended = await run(request, conversation, target);
  letGo();
  await source.close().catch(() => {}); // what it had is read

  let end = await explainError(ended, target.device);
  if (end.reason !== 'device-lost') {
    end = gravest(end, await sendMessages(target.device, request.after));
  }
  const { failed, statistics } = conversation;
  // So that a second run can go on where this one ended.
  const isHalted = end.reason !== 'device-lost' && statistics.out.statuses.stall > 0;
  const unhalted = isHalted ? await failureOf(target.out.clearHalt()) : undefined;
  const unwritten = await failureOf(sink.close());
  end = gravest(end, unwritten && { reason: 'output-failed', cause: unwritten });
  const unclosed = await failureOf(target.close());
  return { end, failed, statistics, unrestored: unhalted ?? unclosed };
}

/** An interface that is open, and its endpoints. */
interface Target extends OpenInterface {
  readonly in: Endpoint;
  readonly out: Endpoint;
}

async function prepare(request: ExchangeRequest) {
  const { device, source, sink, signal, fresh } = request;
  try {
    const rate = { wireRate: wireRate(device) };
    const receive = { ...rate, ...request.receive };
    const send = { ...rate, ...request.send };
    const conversation = new Conversation({ ...request, receive, send });
    const open = () => openTarget(request);
    return { conversation, target: await (fresh ? openWhenReady(open, signal) : open()) };
  } catch (error) {
    await Promise.all([failureOf(source.close()), failureOf(sink.close())]); // the first is told
    throw error;
  }
}

async function openTarget(request: ExchangeRequest): Promise<Target> {
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
async function run(
  request: ExchangeRequest,
  conversation: Conversation,
  target: Target,
): Promise<End> {
  const unready = await failureOf(request.sink.start());
  if (unready !== undefined) {
    return { reason: 'output-failed', cause: unready };
  }
  try {
    request.onStart?.(conversation.statistics);
    const begin = () => sendMessages(target.device, request.before, request.signal);
    return await conversation.run(target.in, target.out, begin);
  } catch (error) {
    return internal(error);
  }
}
