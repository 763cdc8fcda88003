import type { Backend, DeviceInfo } from '../usb/backend.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';
import { toError } from '../usb/to-error.js';
import { Deadline } from './deadline.js';
import { type End, type EndReason, worse } from './end.js';
import { type OpenEndpoint, openEndpoint } from './open-endpoint.js';
import { openWhenReady } from './open-when-ready.js';
import { type ReceiveOptions, Receiver } from './receiver.js';
import { Recovery, type RecoveryOptions, type Standing } from './recovery.js';
import type { Sink } from './sink.js';
import type { Statistics } from './statistics.js';

/** A whole capture: from where, to where, how, until when. */
export interface CaptureRequest {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly location: EndpointLocation;
  /** Open already, so that no device is touched when its bytes have nowhere to go. */
  readonly sink: Sink;
  readonly receive: ReceiveOptions;
  /** Whether the device has just appeared, and may take a moment until it can be opened. */
  readonly fresh?: boolean | undefined;
  readonly recovery?: RecoveryOptions | undefined;
  /** Milliseconds from the first submission until the end; without it there is no limit. */
  readonly duration?: number | undefined;
  /** Aborting it ends the capture with the drain, as `interrupted`. */
  readonly signal: AbortSignal;
  /** Told the statistics when streaming begins; they count on from there. */
  readonly onStart?: ((statistics: Statistics) => void) | undefined;
}

/** How a capture went. */
export interface CaptureResult {
  readonly end: End;
  readonly statistics: Statistics;
}

/**
 * Opens the device, claims the interface, receives until something ends it, and puts everything
 * back whatever happened: output flushed and closed, interface released, device closed.
 *
 * @throws UsbError when the device could not be opened or claimed; the sink is closed then
 */
export async function capture(request: CaptureRequest): Promise<CaptureResult> {
  const { backend, device, location, sink, signal, duration } = request;
  const source = await openSource(request);
  const receiver = new Receiver(sink, request.receive);
  const { statistics } = receiver;
  const stopped = new AbortController();
  const stop = (end: End): void => {
    receiver.stop(end);
    stopped.abort();
  };
  const interrupt = (): void => stop({ reason: 'interrupted' });
  signal.addEventListener('abort', interrupt);
  if (signal.aborted) {
    interrupt();
  }

  let last: Standing & { end: End };
  const unready = await failureOf(sink.start(), 'output-failed');
  if (unready !== undefined) {
    last = { end: unready, source };
  } else {
    const deadline =
      duration === undefined
        ? undefined
        : new Deadline(duration, () => stop({ reason: 'duration' }));
    const options = request.recovery ?? {};
    const recovery = new Recovery(backend, device, location, options, statistics, stopped.signal);
    request.onStart?.(statistics);
    last = await stream(receiver, recovery, source);
    deadline?.clear();
  }
  signal.removeEventListener('abort', interrupt);

  let { end } = last;
  for (const failure of [
    await failureOf(sink.close(), 'output-failed'),
    last.source && (await failureOf(last.source.close(), 'internal')),
  ]) {
    end = failure === undefined ? end : worse(end, failure);
  }
  return { end, statistics };
}

/** Receives, and goes on behind whatever can be recovered from. */
async function stream(
  receiver: Receiver,
  recovery: Recovery,
  first: OpenEndpoint,
): Promise<Standing & { end: End }> {
  let source = first;
  for (;;) {
    const drained = receiver.run(source.endpoint).catch((error: unknown): End => {
      return { reason: 'internal', cause: toError(error) };
    });
    const standing = await recovery.after(await drained, source);
    if (standing.end !== undefined) {
      return standing;
    }
    source = standing.source;
  }
}

async function openSource(request: CaptureRequest): Promise<OpenEndpoint> {
  const { backend, device, location, signal } = request;
  const open = () => openEndpoint(backend, device, location);
  try {
    return await (request.fresh ? openWhenReady(open, signal) : open());
  } catch (error) {
    await request.sink.close();
    throw error;
  }
}

/** The end that a failed step is, or undefined when it succeeded. */
async function failureOf(step: Promise<void>, reason: EndReason): Promise<End | undefined> {
  try {
    await step;
    return undefined;
  } catch (error) {
    return { reason, cause: toError(error) };
  }
}
