import type { EndpointLocation } from '../../usb/locate.js';
import { openEndpoint } from '../device/open.js';
import type { Source } from '../io/source.js';
import { Sender, type SendOptions } from '../send/sender.js';
import type { SendStatistics } from '../stats/statistics.js';
import { mostSevere } from './outcome.js';
import { runStream, type StreamRequest, type StreamResult } from './run.js';

/** What to send, from which input, to which endpoint. */
export interface SendRequest extends StreamRequest<SendStatistics> {
  readonly location: EndpointLocation;
  readonly source: Source;
  readonly send: SendOptions;
}

export type SendResult = StreamResult<SendStatistics>;

/**
 * Sends to an endpoint until the input or something else ends it.
 *
 * @throws as `runStream`; the source is closed then
 */
export function send(request: SendRequest): Promise<SendResult> {
  const { backend, device, location, claim, source } = request;
  return runStream(request, { source }, () => {
    const sender = new Sender(source, request.send, request.observer);
    return {
      statistics: sender.statistics,
      open: () => openEndpoint(backend, device, location, claim),
      run: async ({ endpoint }, begin) => {
        const failure = await begin(); // before any data: it may change what the device does with them
        return mostSevere(await sender.run(endpoint), failure);
      },
      stop: (end) => sender.stop(end),
      record: (end) => sender.statistics.countFailures(end),
      halted: ({ endpoint }) => (sender.isHalted ? [endpoint] : []),
      inFlight: () => sender.inFlight,
      position: () => sender.statistics.bytesAccepted,
    };
  });
}
