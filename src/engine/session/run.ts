import type { Backend, Device, Endpoint } from '../../usb/backend.js';
import type { ControlTransfer } from '../../usb/control.js';
import { caught, toError, UsbError } from '../../usb/errors.js';
import type { DeviceInfo } from '../../usb/model.js';
import { requireMethods, requireSignal, requireTime } from '../checks.js';
import { classifyFailure, DeviceGuard, type GuardedStream, lossSoon } from '../device/guard.js';
import { type OpenDevice, type OpenOptions, openWhenReady } from '../device/open.js';
import type { Sink } from '../io/sink.js';
import type { Source } from '../io/source.js';
import type { TransferObserver } from '../queue/observer.js';
import { Deadline } from '../timers.js';
import { DEFAULT_CONTROL_TIMEOUT } from './defaults.js';
import {
  failedWrite,
  internalError,
  isLoss,
  lossOutcome,
  moreSevere,
  mostSevere,
  type Outcome,
} from './outcome.js';

/** What ends a stream from outside. */
export interface StopConditions {
  /** Milliseconds from the start of the stream, above 0; unlimited by default. */
  readonly duration?: number | undefined;
  /** Ends the stream as `interrupted` when it is aborted. */
  readonly signal: AbortSignal;
}

/** Control requests before and after a stream: many devices need them to start and stop streaming. */
export interface StreamHooks {
  /**
   * Sent when the interface is claimed: after the IN transfers are submitted, and before any data is
   * sent or written. Sent again to a device that is reconnected or restarted.
   */
  readonly before?: readonly ControlTransfer[] | undefined;
  /**
   * Sent when all transfers are drained, before the interface is released, even on errors. If the stream
   * receives with `drainAfter`, they are sent before the drain.
   */
  readonly after?: readonly ControlTransfer[] | undefined;
}

/** The part of a request that all directions share. */
export interface StreamRequest<Statistics> extends StopConditions, StreamHooks {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly claim?: OpenOptions | undefined;
  /** Sees every transfer, of both directions. */
  readonly observer?: TransferObserver | undefined;
  /** Whether the device was just plugged in, and may take a moment until it can be opened. */
  readonly justPluggedIn?: boolean | undefined;
  /** Called once, when the device is open and claimed. Streaming waits for it. Must not reject. */
  readonly onOpen?: ((device: Device) => Promise<void>) | undefined;
  /** Called when streaming starts, with the statistics, which are updated from then on. */
  readonly onStart?: ((statistics: Statistics) => void) | undefined;
}

/** The result of a stream. */
export interface StreamResult<Statistics> {
  readonly end: Outcome;
  readonly statistics: Statistics;
  /** Why the device was not restored: it is still claimed or halted, or has no kernel driver. */
  readonly restoreError: Error | undefined;
}

/** Either the target with which a stream continues, or how it ended. */
export type RecoveryDecision<Target> =
  | {
      readonly end: undefined;
      readonly target: Target;
      /** Whether the device was restarted or reconnected, and needs the requests before a stream again. */
      readonly isRestarted: boolean;
    }
  | Finished<Target>;

/** The end of a stream. Without a target, the device was lost and is closed already. */
interface Finished<Target> {
  readonly end: Outcome;
  readonly target: Target | undefined;
}

/** One direction, or both: everything in which streams differ. */
export interface Stream<Target extends OpenDevice, Statistics> extends GuardedStream {
  readonly statistics: Statistics;

  /** Opens the device, claims the interface and finds the endpoints. */
  open(): Promise<Target>;

  /**
   * Moves data until something ends the run. Resolves after the drain.
   *
   * @param begin sends the requests before the stream; resolves to the outcome if one failed, in which
   *   case the stream is stopped, and does not reject
   * @param finish sends the requests after the stream, if it is called before `run` resolves; does not
   *   reject. Otherwise they are sent after the last run.
   */
  run(
    target: Target,
    begin: () => Promise<Outcome | undefined>,
    finish: () => Promise<unknown>,
  ): Promise<Outcome>;

  /** Ends the run and any later one. */
  stop(end: Outcome): void;

  /** Ends this run only. Needed if a run may be recovered. */
  endRun?(end: Outcome): void;

  /** Returns the endpoints whose halt must be cleared for the next stream. */
  halted(target: Target): readonly Endpoint[];

  /**
   * Records the failures of a run, and decides whether to continue. By default the first run is the
   * last, and `record` is called.
   */
  recover?(end: Outcome, target: Target): Promise<RecoveryDecision<Target>>;

  /** Records the failures of the run, whose reason is known now. */
  record?(end: Outcome): void;
}

/**
 * The input and output of a stream. They are opened before the device, so that a failure to open them
 * leaves the device untouched.
 */
interface StreamEnds {
  readonly source?: Source;
  readonly sink?: Sink;
}

/**
 * Opens the device, claims the interface and runs a stream. Restores everything, even after a failure:
 * clears a halt, closes input and output, releases the interface and closes the device.
 *
 * @param create creates the stream; the signal is aborted when the stream is stopped
 * @throws UsbError if the device cannot be opened or claimed; RangeError or TypeError for a wrong option,
 *   before anything is opened; input and output are closed then
 */
export async function runStream<Target extends OpenDevice, Statistics>(
  request: StreamRequest<Statistics>,
  ends: StreamEnds,
  create: (stopped: AbortSignal) => Stream<Target, Statistics>,
): Promise<StreamResult<Statistics>> {
  const stopped = new AbortController();
  const { stream, first } = await prepare(request, ends, () => create(stopped.signal));
  let sent: Promise<Outcome | undefined> | undefined;
  const finish = (device: Device): Promise<Outcome | undefined> => {
    sent ??= sendRequests(device, request.after);
    return sent;
  };
  const { end, target } = await runUntilEnd(request, ends.sink, stream, first, stopped, finish);
  await closeQuietly(ends.source);

  const isLost = target === undefined || end.reason === 'device-lost';
  const stopError = isLost ? undefined : await finish(target.device);
  const isPresent = !isLost && stopError?.reason !== 'device-lost';
  const haltError = isPresent ? await clearHalts(stream.halted(target)) : undefined;
  const writeError = await outputFailure(ends.sink?.close());
  const known = mostSevere(end, writeError, stopError);
  const closeError = target && (await caught(target.close()));
  const observeError = await outputFailure(request.observer?.close?.(known));
  return {
    end: mostSevere(known, observeError),
    statistics: stream.statistics,
    restoreError: haltError ?? closeError,
  };
}

async function prepare<Target extends OpenDevice, Statistics>(
  { justPluggedIn, signal, duration, onOpen, observer }: StreamRequest<Statistics>,
  ends: StreamEnds,
  create: () => Stream<Target, Statistics>,
) {
  const { source, sink } = ends;
  try {
    requireSignal('signal', signal);
    requireTime('duration', duration);
    if ('source' in ends) {
      requireMethods('source', source, ['read', 'close']);
    }
    if ('sink' in ends) {
      requireMethods('sink', sink, ['start', 'write', 'close']);
    }
    const stream = create();
    const open = () => stream.open();
    const first = await (justPluggedIn ? openWhenReady(open, signal) : open());
    await onOpen?.(first.device);
    return { stream, first };
  } catch (error) {
    await Promise.all([closeQuietly(source), closeQuietly(sink)]);
    await observer?.close?.(undefined).catch(() => {});
    throw error;
  }
}

/** Runs a stream until it ends and is not recovered. Does not reject. */
async function runUntilEnd<Target extends OpenDevice, Statistics>(
  request: StreamRequest<Statistics>,
  sink: Sink | undefined,
  stream: Stream<Target, Statistics>,
  first: Target,
  stopped: AbortController,
  finish: (device: Device) => Promise<unknown>,
): Promise<Finished<Target>> {
  const stop = (end: Outcome): void => {
    stream.stop(end);
    stopped.abort();
  };
  const observed = { fail: (cause: Error): void => stop(failedWrite(cause)) };
  const startError =
    (await outputFailure(sink?.start())) ??
    (await outputFailure(request.observer?.start?.(observed)));
  if (startError !== undefined) {
    return { end: startError, target: first };
  }
  const dispose = onStop(request, stop);
  let target = first;
  let { before } = request;
  try {
    request.onStart?.(stream.statistics);
    for (;;) {
      const end = await runOnce(stream, target, before, finish, stop, stopped.signal);
      const decision = await recover(stream, end, target);
      if (decision.end !== undefined) {
        return decision;
      }
      target = decision.target;
      before = decision.isRestarted ? request.before : undefined;
    }
  } catch (error) {
    return { end: internalError(error), target };
  } finally {
    dispose();
  }
}

async function runOnce<Target extends OpenDevice, Statistics>(
  stream: Stream<Target, Statistics>,
  target: Target,
  before: readonly ControlTransfer[] | undefined,
  finish: (device: Device) => Promise<unknown>,
  stop: (end: Outcome) => void,
  stopped: AbortSignal,
): Promise<Outcome> {
  const { device } = target;
  const begin = async (): Promise<Outcome | undefined> => {
    const failure = await sendRequests(device, before, stopped);
    if (failure !== undefined) {
      fail(failure);
    }
    return failure;
  };
  // If the stream can recover, the loss of the device ends this run without stopping later ones.
  const fail = (failure: Outcome): void =>
    stream.endRun !== undefined && isLoss(failure) ? stream.endRun(failure) : stop(failure);
  const guard = new DeviceGuard(device, stream, fail);
  try {
    const end = await stream.run(target, begin, () => finish(device));
    guard.stop();
    return await guard.explain(end);
  } finally {
    guard.stop();
  }
}

async function recover<Target extends OpenDevice, Statistics>(
  stream: Stream<Target, Statistics>,
  end: Outcome,
  target: Target,
): Promise<RecoveryDecision<Target>> {
  if (stream.recover) {
    return stream.recover(end, target);
  }
  // A reset can undo what was sent, so a clean end is a failure then.
  const reset = end.failures?.find(({ reason }) => reason === 'device-reset');
  const known = reset === undefined ? end : moreSevere(end, { ...end, ...reset });
  const classified = await classifyFailure(known, target.device);
  stream.record?.(classified);
  return { end: classified, target };
}

/** Stops a stream after its duration or on abort. Returns a function that cancels both. */
function onStop({ signal, duration }: StopConditions, stop: (end: Outcome) => void): () => void {
  const interrupt = (): void => stop({ reason: 'interrupted' });
  signal.addEventListener('abort', interrupt);
  if (signal.aborted) {
    interrupt();
  }
  const deadline =
    duration === undefined ? undefined : new Deadline(duration, () => stop({ reason: 'duration' }));
  return () => {
    signal.removeEventListener('abort', interrupt);
    deadline?.clear();
  };
}

/**
 * Sends control requests one after the other, and discards the responses.
 *
 * @param stopped cancels the current request when it aborts. No further one is sent then.
 * @returns the outcome of the first request that failed; later ones are not sent
 */
export async function sendRequests(
  device: Device,
  requests: readonly ControlTransfer[] = [],
  stopped?: AbortSignal,
): Promise<Outcome | undefined> {
  for (const { request, data } of requests) {
    if (stopped?.aborted) {
      break;
    }
    try {
      await device.control(request, data, DEFAULT_CONTROL_TIMEOUT, stopped);
    } catch (error) {
      if (stopped?.aborted) {
        break; // the stop is the outcome
      }
      return { request, cause: toError(error), ...(await reasonOf(error, device)) };
    }
  }
  return undefined;
}

/** Returns why a request failed: because the device was lost, or for another reason. */
async function reasonOf(error: unknown, device: Device): Promise<Pick<Outcome, 'reason' | 'loss'>> {
  const code = error instanceof UsbError ? error.code : undefined;
  if (code === 'no-device') {
    return { reason: 'device-lost' };
  }
  const loss = code === 'io' ? await lossSoon(device) : undefined;
  return loss === undefined ? { reason: 'request-failed' } : lossOutcome(loss);
}

async function clearHalts(endpoints: readonly Endpoint[]): Promise<Error | undefined> {
  const errors = await Promise.all(endpoints.map((endpoint) => caught(endpoint.clearHalt())));
  return errors.find((error) => error !== undefined);
}

/** Returns the outcome of a failed step of the output; undefined if it succeeded. */
async function outputFailure(step: Promise<void> | undefined): Promise<Outcome | undefined> {
  const cause = step && (await caught(step));
  return cause && { reason: 'output-failed', cause };
}

/** Closes an input or output, and ignores a failure. */
async function closeQuietly(end: Source | Sink | undefined): Promise<void> {
  await Promise.resolve(end?.close?.()).catch(() => {});
}
