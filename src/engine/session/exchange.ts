import type { Backend, ClaimOptions, DeviceInfo, Endpoint } from '../../usb/backend.js';
import { caught } from '../../usb/errors.js';
import type { EndpointLocation } from '../../usb/locate.js';
import { wireRate } from '../../usb/speed.js';
import { type OpenInterface, openInterface, openWhenReady } from '../device/open.js';
import { classifyError } from '../device/presence.js';
import { Duplex, type DuplexOptions, type DuplexStatistics } from './duplex.js';
import { type StreamHooks, sendRequests } from './hooks.js';
import { internalError, mostSevere, type Outcome } from './outcome.js';
import { onStop, type StopConditions } from './run.js';

/** All of an exchange: with what device, through which endpoints, how, until when. */
export interface DuplexRequest extends DuplexOptions, StopConditions, StreamHooks {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  /** Two endpoints of one alternate setting. */
  readonly in: EndpointLocation;
  readonly out: EndpointLocation;
  readonly claim?: ClaimOptions | undefined;
  /** Whether the device has just appeared, and may take a moment until it can be opened. */
  readonly fresh?: boolean | undefined;
  /** Told the statistics when it begins; they count on from there. */
  readonly onStart?: ((statistics: DuplexStatistics) => void) | undefined;
}

/** How it went. */
export interface DuplexResult {
  readonly end: Outcome;
  /** The direction in which it failed, where it did in one. */
  readonly failed: 'in' | 'out' | undefined;
  readonly statistics: DuplexStatistics;
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
  const { failed, statistics } = conversation;
  // So that a second run can go on where this one ended.
  const isHalted = end.reason !== 'device-lost' && statistics.out.statuses.stall > 0;
  const unhalted = isHalted ? await caught(target.out.clearHalt()) : undefined;
  const unwritten = await caught(sink.close());
  end = mostSevere(end, unwritten && { reason: 'output-failed', cause: unwritten });
  const unclosed = await caught(target.close());
  return { end, failed, statistics, unrestored: unhalted ?? unclosed };
}

/** An interface that is open, and its endpoints. */
interface Target extends OpenInterface {
  readonly in: Endpoint;
  readonly out: Endpoint;
}

async function prepare(request: DuplexRequest) {
  const { device, source, sink, signal, fresh } = request;
  try {
    const rate = { wireRate: wireRate(device) };
    const receive = { ...rate, ...request.receive };
    const send = { ...rate, ...request.send };
    const conversation = new Duplex({ ...request, receive, send });
    const open = () => openTarget(request);
    return { conversation, target: await (fresh ? openWhenReady(open, signal) : open()) };
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
