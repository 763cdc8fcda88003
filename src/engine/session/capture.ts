import type { Backend, ClaimOptions } from '../../usb/backend.js';
import { caught } from '../../usb/errors.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { type OpenEndpoint, openEndpoint, openWhenReady } from '../device/open.js';
import type { Sink } from '../io/sink.js';
import { type ReceiveOptions, Receiver } from '../receive/receiver.js';
import type { ReceiveStatistics } from '../stats/statistics.js';
import { runWithHooks, type StreamHooks, sendRequests } from './hooks.js';
import { internalError, mostSevere, type Outcome } from './outcome.js';
import { type Finished, Recovery, type RecoveryOptions } from './recovery.js';
import { onStop, type StopConditions } from './run.js';

/** A whole capture: from where, to where, how, until when. */
export interface CaptureRequest extends StopConditions, StreamHooks {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly location: EndpointLocation;
  readonly claim?: ClaimOptions | undefined;
  /** Open already, so that no device is touched when its bytes have nowhere to go. */
  readonly sink: Sink;
  readonly receive: ReceiveOptions;
  /** Whether the device has just appeared, and may take a moment until it can be opened. */
  readonly justPluggedIn?: boolean | undefined;
  readonly recovery?: RecoveryOptions | undefined;
  /** Told the statistics when streaming begins; they count on from there. */
  readonly onStart?: ((statistics: ReceiveStatistics) => void) | undefined;
}

/** How a capture went. */
export interface CaptureResult {
  readonly end: Outcome;
  readonly statistics: ReceiveStatistics;
  /** Why the device is not as it was found: still claimed, or without its kernel driver. */
  readonly restoreError: Error | undefined;
}

/**
 * Opens the device, claims the interface, receives until something ends it, and puts everything
 * back whatever happened: output flushed and closed, interface released, device closed.
 *
 * @throws UsbError when the device could not be opened or claimed, RangeError for options out of
 *   their ranges; the sink is closed then
 */
export async function capture(request: CaptureRequest): Promise<CaptureResult> {
  const { sink } = request;
  const { receiver, source } = await prepare(request);
  const last = await stream(request, receiver, source);
  const unstopped = await stopDevice(request, last);
  const unwritten = await outputFailure(sink.close());
  const end = mostSevere(last.end, unwritten, unstopped);
  // The data is not the worse for it: this is told beside the end.
  const restoreError = last.source && (await caught(last.source.close()));
  return { end, statistics: receiver.statistics, restoreError };
}

async function prepare(request: CaptureRequest) {
  const { backend, device, location, claim, sink, signal } = request;
  const open = () => openEndpoint(backend, device, location, claim);
  try {
    const receiver = new Receiver(sink, request.receive);
    return {
      receiver,
      source: await (request.justPluggedIn ? openWhenReady(open, signal) : open()),
    };
  } catch (error) {
    await sink.close().catch(() => {}); // the first failure is the one to tell
    throw error;
  }
}

/** Receives, and goes on behind whatever can be recovered from. Does not throw. */
async function stream(
  request: CaptureRequest,
  receiver: Receiver,
  first: OpenEndpoint,
): Promise<Finished> {
  const { backend, device, location, sink } = request;
  const unready = await outputFailure(sink.start());
  if (unready !== undefined) {
    return { end: unready, source: first };
  }
  const { statistics } = receiver;
  const stopped = new AbortController();
  const stop = (end: Outcome): void => {
    receiver.stop(end);
    stopped.abort();
  };
  // The loss of a device ends a run by itself; another may follow when it is back.
  const stopUnlessLost = (end: Outcome): void => {
    if (end.reason !== 'device-lost') {
      stop(end);
    }
  };
  const options = { ...request.recovery, claim: request.claim };
  const recovery = new Recovery(backend, device, location, options, statistics, stopped.signal);
  const letGo = onStop(request, stop);
  let source = first;
  let started: OpenEndpoint | undefined;
  try {
    request.onStart?.(statistics);
    for (;;) {
      const { device: opened, endpoint } = source;
      const before = source === started ? undefined : request.before;
      started = source;
      const run = (): Promise<Outcome> => receiver.run(endpoint);
      const end = await runWithHooks(opened, before, stopped.signal, run, stopUnlessLost);
      const standing = await recovery.after(end, source);
      if (standing.end !== undefined) {
        return standing;
      }
      source = standing.source;
    }
  } catch (error) {
    return { end: internalError(error), source };
  } finally {
    letGo();
  }
}

/** A device that is gone needs no stopping. */
async function stopDevice({ after }: CaptureRequest, { end, source }: Finished) {
  return source === undefined || end.reason === 'device-lost'
    ? undefined
    : sendRequests(source.device, after);
}

/** The end that a failed step of the output is; undefined when it did not fail. */
async function outputFailure(step: Promise<void>): Promise<Outcome | undefined> {
  const cause = await caught(step);
  return cause && { reason: 'output-failed', cause };
}
