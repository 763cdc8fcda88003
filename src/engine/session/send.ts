import type { Backend, ClaimOptions } from '../../usb/backend.js';
import { caught } from '../../usb/errors.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { type OpenEndpoint, openEndpoint, openWhenReady } from '../device/open.js';
import { classifyError, stopOnDisconnect } from '../device/presence.js';
import type { Source } from '../io/source.js';
import { Sender, type SendOptions } from '../send/sender.js';
import type { SendStatistics } from '../stats/statistics.js';
import { type StreamHooks, sendRequests } from './hooks.js';
import { internalError, mostSevere, type Outcome } from './outcome.js';
import { onStop, type StopConditions } from './run.js';

/** All of a sending: from where, to where, how, until when. */
export interface SendRequest extends StopConditions, StreamHooks {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly location: EndpointLocation;
  readonly claim?: ClaimOptions | undefined;
  /** Open already, so that no device is touched when there is nothing to send. */
  readonly source: Source;
  readonly send: SendOptions;
  /** Whether the device has just appeared, and may take a moment until it can be opened. */
  readonly justPluggedIn?: boolean | undefined;
  /** Told the statistics when it begins; they count on from there. */
  readonly onStart?: ((statistics: SendStatistics) => void) | undefined;
}

/** How it went. */
export interface SendResult {
  readonly end: Outcome;
  readonly statistics: SendStatistics;
  /** Why the device is not as it was found: still claimed or halted, or without its kernel driver. */
  readonly restoreError: Error | undefined;
}

/**
 * Opens the device, claims the interface, sends until the input or something else ends it, and puts
 * everything back whatever happened: a halt cleared, interface released, device and source closed.
 *
 * @throws UsbError when the device could not be opened or claimed, RangeError for options out of
 *   their ranges; the source is closed then
 */
export async function send(request: SendRequest): Promise<SendResult> {
  const { source } = request;
  const { sender, target } = await prepare(request);
  const stop = (end: Outcome): void => sender.stop(end);
  const letGo = onStop(request, stop);
  const unwatch = stopOnDisconnect(target.device, () => sender.inFlight, stop);
  const ended = await run(request, sender, target);
  unwatch();
  letGo();
  await source.close().catch(() => {}); // what it had is read

  const end = await classifyError(ended, target.device);
  const unstopped = await stopDevice(request, end, target);
  // So that a second run can go on where this one ended.
  const isHalted = end.reason !== 'device-lost' && sender.statistics.statuses.stall > 0;
  const unhalted = isHalted ? await caught(target.endpoint.clearHalt()) : undefined;
  const unclosed = await caught(target.close());
  return {
    end: mostSevere(end, unstopped),
    statistics: sender.statistics,
    restoreError: unhalted ?? unclosed,
  };
}

async function prepare(request: SendRequest) {
  const { backend, device, location, claim, source, signal } = request;
  const open = () => openEndpoint(backend, device, location, claim);
  try {
    const sender = new Sender(source, request.send);
    return { sender, target: await (request.justPluggedIn ? openWhenReady(open, signal) : open()) };
  } catch (error) {
    await source.close().catch(() => {}); // the first failure is the one to tell
    throw error;
  }
}

/** Sends the requests before any data: it may mean something else to the device without them. Does not throw. */
async function run(request: SendRequest, sender: Sender, target: OpenEndpoint): Promise<Outcome> {
  try {
    request.onStart?.(sender.statistics);
    const failure = await sendRequests(target.device, request.before, request.signal);
    if (failure !== undefined) {
      sender.stop(failure);
    }
    return mostSevere(await sender.run(target.endpoint), failure);
  } catch (error) {
    return internalError(error);
  }
}

/** A device that is gone needs no stopping. */
async function stopDevice({ after }: SendRequest, end: Outcome, { device }: OpenEndpoint) {
  return end.reason === 'device-lost' ? undefined : sendRequests(device, after);
}
