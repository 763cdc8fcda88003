import type { Endpoint } from '../../usb/backend.js';
import type { EndpointLocation } from '../../usb/locate.js';
import { type OpenEndpoint, openEndpoint } from '../device/open.js';
import type { Sink } from '../io/sink.js';
import { flushOnce } from '../receive/flush.js';
import { checkTransferSize, type ReceiveOptions, Receiver } from '../receive/receiver.js';
import type { ReceiveStatistics } from '../stats/statistics.js';
import { checkTimeout } from '../timeouts.js';
import type { Outcome } from './outcome.js';
import { Recovery, type RecoveryOptions } from './recovery.js';
import { runStream, type StreamRequest, type StreamResult } from './run.js';

/** What to receive, from which endpoint, to which output. */
export interface CaptureRequest extends StreamRequest<ReceiveStatistics> {
  readonly location: EndpointLocation;
  readonly sink: Sink;
  readonly receive: ReceiveOptions;
  readonly recovery?: RecoveryOptions | undefined;
}

export type CaptureResult = StreamResult<ReceiveStatistics>;

/**
 * Receives from an endpoint until something ends it, and continues after failures as far as `recovery`
 * allows.
 *
 * @throws as `runStream`; the sink is closed then
 */
export function capture(request: CaptureRequest): Promise<CaptureResult> {
  const { backend, device, location, claim, sink } = request;
  return runStream<OpenEndpoint, ReceiveStatistics>(request, { sink }, (stopped) => {
    checkTransferSize(request.receive, location);
    const receiver = new Receiver(sink, request.receive, request.observer);
    const { statistics } = receiver;
    const flushed = flushOnce(request.receive, statistics, stopped);
    const recovery = new Recovery(request, statistics, stopped);
    return {
      statistics,
      open: async () => {
        checkTimeout(request.receive, device);
        return openEndpoint(backend, device, location, claim);
      },
      run: async ({ endpoint }, begin, finish) => {
        await flushed(endpoint);
        const onEnded = (): void => receiver.stop(endOf(endpoint));
        endpoint.ended?.addEventListener('abort', onEnded);
        if (endpoint.ended?.aborted) {
          onEnded();
        }
        return receiver
          .run(endpoint, begin, finish)
          .finally(() => endpoint.ended?.removeEventListener('abort', onEnded));
      },
      stop: (end) => receiver.stop(end),
      halted: ({ endpoint }) => (receiver.isHalted ? [endpoint] : []),
      endRun: (end) => receiver.end(end),
      position: () => receiver.position,
      recover: (end, target) => recovery.decide(end, target),
    };
  });
}

/** The outcome when an endpoint has sent all that it will ever send. */
function endOf({ ended }: Endpoint): Outcome {
  return ended?.reason instanceof Error
    ? { reason: 'input-failed', cause: ended.reason }
    : { reason: 'input-ended' };
}
