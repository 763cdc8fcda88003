import type { Endpoint } from '../../usb/backend.js';
import type { Sink } from '../io/sink.js';
import type { Outcome } from '../session/outcome.js';
import type { ReceiveStatistics } from '../stats/statistics.js';
import { Deadline } from '../timers.js';
import { type FlushOptions, type ReceiveOptions, Receiver } from './receiver.js';

/** The endpoint is empty when nothing arrives for this long, in milliseconds. */
const SILENCE = 50;

/** The most bytes to discard. */
const MAX_BYTES = 64 * 1024 * 1024;

const DISCARD: Sink = {
  start: async () => {},
  write: (buffers, done) => {
    const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
    setImmediate(done, undefined, bytes);
  },
  close: async () => {},
};

/**
 * Receives and discards what an endpoint sends until it is silent. A failure of a transfer ends it, too:
 * the stream that follows meets the same device and reports it.
 *
 * @param options those of the stream, for the size and the number of transfers
 * @param stopped ends it
 * @returns the bytes that were discarded
 */
export async function flush(
  endpoint: Endpoint,
  { time, onUnfinished }: FlushOptions,
  { depth, transferSize }: Pick<ReceiveOptions, 'depth' | 'transferSize'>,
  stopped: AbortSignal,
): Promise<number> {
  const options = { depth, transferSize, bytes: MAX_BYTES, idleTimeout: SILENCE };
  const receiver = new Receiver(DISCARD, options);
  const stop = (end: Outcome): void => receiver.stop(end);
  const interrupt = (): void => stop({ reason: 'interrupted' });
  stopped.addEventListener('abort', interrupt);
  const deadline = new Deadline(time, () => stop({ reason: 'duration' }));
  try {
    if (stopped.aborted) {
      interrupt();
    }
    const { reason } = await receiver.run(endpoint);
    const { bytesReceived } = receiver.statistics;
    if (reason === 'duration' || reason === 'limit') {
      onUnfinished?.(bytesReceived);
    }
    return bytesReceived;
  } finally {
    deadline.clear();
    stopped.removeEventListener('abort', interrupt);
  }
}

/** Returns a function that flushes the endpoint of a stream, if asked to, the first time it is called. */
export function flushOnce(
  receive: ReceiveOptions,
  statistics: ReceiveStatistics,
  stopped: AbortSignal,
): (endpoint: Endpoint) => Promise<void> {
  let options = receive.flush;
  return async (endpoint) => {
    if (options !== undefined) {
      const once = options;
      options = undefined;
      statistics.bytesFlushed = await flush(endpoint, once, receive, stopped);
    }
  };
}
