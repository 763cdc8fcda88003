import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, Device, DeviceInfo } from '../usb/backend.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';
import { toError } from '../usb/to-error.js';
import { type End, type EndReason, worse } from './end.js';
import { type OpenEndpoint, openEndpoint } from './open-endpoint.js';
import { type ReceiveOptions, Receiver } from './receiver.js';
import type { Sink } from './sink.js';
import type { Statistics } from './statistics.js';

/** How long a device may take to vanish from the bus after its first errors, in milliseconds. */
const UNPLUG_GRACE = 1000;
const UNPLUG_POLL = 50;

/** A whole capture: from where, to where, how, until when. */
export interface CaptureRequest {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly location: EndpointLocation;
  /** Open already, so that no device is touched when its bytes have nowhere to go. */
  readonly sink: Sink;
  readonly receive: ReceiveOptions;
  /** Aborting it ends the capture with the drain, as `interrupted`. */
  readonly signal: AbortSignal;
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
  const { sink, signal } = request;
  const source = await openSource(request);
  const receiver = new Receiver(source.endpoint, sink, request.receive);
  const interrupt = (): void => receiver.stop({ reason: 'interrupted' });
  signal.addEventListener('abort', interrupt);
  if (signal.aborted) {
    interrupt();
  }
  let end = (await failureOf(sink.start(), 'output-failed')) ?? (await receiver.run());
  signal.removeEventListener('abort', interrupt);
  if (end.reason === 'error' && (await vanishes(source.device))) {
    end = { reason: 'device-lost' };
  }
  const failures = [
    await failureOf(sink.close(), 'output-failed'),
    await failureOf(source.close(), 'internal'),
  ];
  for (const failure of failures) {
    end = failure === undefined ? end : worse(end, failure);
  }
  return { end, statistics: receiver.statistics };
}

async function openSource(request: CaptureRequest): Promise<OpenEndpoint> {
  try {
    return await openEndpoint(request.backend, request.device, request.location);
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

/** Whether errors were the beginning of an unplug: the kernel removes the device a little later. */
async function vanishes(device: Device): Promise<boolean> {
  const until = performance.now() + UNPLUG_GRACE;
  while (await device.isConnected()) {
    if (performance.now() >= until) {
      return false;
    }
    await sleep(UNPLUG_POLL);
  }
  return true;
}
