import { wholePackets } from '../../engine/session/defaults.js';
import { duplex } from '../../engine/session/duplex.js';
import { formatEndpoint } from '../../usb/format.js';
import type { EndpointPair } from '../../usb/locate.js';
import { CliError } from '../errors/cli-error.js';
import type { StreamResult } from '../report/report.js';
import { countOf } from '../terminal/format.js';
import { WrongData } from './failure.js';
import {
  type Ended,
  IDLE_TIMEOUT,
  type Measurement,
  measure,
  type Percentiles,
  type Request,
  type RunPlan,
  type Subject,
} from './measure.js';
import { type Pattern, PatternStream, Verifier } from './pattern.js';
import { DiscardingSink, PatternSource, PingPong } from './streams.js';

/** How long the last data of a loopback may take, in milliseconds. */
const LINGER = 100;

/** How long to discard what a loopback still has of an earlier run, in milliseconds. */
const FLUSH_TIME = 1000;

/** How long to measure single messages in a run without a time, in milliseconds. */
const MESSAGE_TIME = 2000;

const ADVICE = 'bench loop needs a device that sends back what it receives';

/** The source and the sink of a loopback. */
type Ends = Pick<Parameters<typeof duplex>[0], 'source' | 'sink'>;

/**
 * Measures the throughput of a loopback: all data that was sent must come back.
 *
 * @throws CliError as `measureRead`; WrongData at the first wrong byte
 */
export async function measureLoop(
  subject: Subject,
  pair: EndpointPair,
  plan: RunPlan,
  data: Pattern,
): Promise<Measurement> {
  const stream = () => new PatternStream(data, pair.out.endpoint.maxPacketSize);
  const source = new PatternSource(stream(), plan);
  const verifier = new Verifier(stream(), 0, () => source.position);
  const ends = { source, sink: new DiscardingSink(verifier) };
  return measureEnds(subject, pair, plan, ends, verifier);
}

/** The times of the round trips through a loopback, in seconds. */
export interface RoundTrips extends Percentiles {
  readonly count: number;
  /** Bytes of each message. */
  readonly message: number;
}

/**
 * Measures how long a message takes through a loopback: half a packet, so that a short packet ends it.
 *
 * @param count round trips at most
 * @throws CliError as `measureLoop`
 */
export async function measureRoundTrips(
  subject: Subject,
  pair: EndpointPair,
  { duration = MESSAGE_TIME }: Pick<RunPlan, 'duration'>,
  count: number,
  data: Pattern,
): Promise<RoundTrips> {
  const { maxPacketSize } = pair.out.endpoint;
  const message = Math.max(1, Math.floor(maxPacketSize / 2));
  const stream = () => new PatternStream(data, maxPacketSize);
  let ends: PingPong | undefined;
  const verifier = new Verifier(stream(), 0, () => ends?.position ?? 0);
  ends = new PingPong(stream(), verifier, message, count, duration);
  const queue = { depth: 1, transferSize: message };
  try {
    await measureEnds(subject, pair, queue, { source: ends, sink: ends }, verifier);
  } catch (error) {
    if (error instanceof WrongData) {
      const advice = ends.times.length === 0 ? ADVICE : undefined;
      throw new WrongData(error.mistake, 'messages', advice);
    }
    throw error;
  }
  const times = ends.times.toSorted((a, b) => a - b);
  const at = (share: number): number => (times[Math.floor(share * (times.length - 1))] ?? 0) / 1000;
  return {
    ...{ count: times.length, message },
    ...{ p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) },
  };
}

function measureEnds(
  subject: Subject,
  pair: EndpointPair,
  queue: RunPlan,
  ends: Ends,
  verifier: Verifier,
): Promise<Measurement> {
  const run = (request: Request) => runLoop(request, pair, queue, ends);
  return measure(subject, verifier, run, (result) => checkReturned(result, verifier));
}

async function runLoop(
  { signal, onStart, ...request }: Request,
  pair: EndpointPair,
  { depth, transferSize }: RunPlan,
  ends: Ends,
): Promise<Ended> {
  let unrequested = 0;
  const noLoopback = new AbortController();
  const onUnfinished = (bytes: number): void => {
    unrequested = bytes;
    noLoopback.abort();
  };
  const { statistics, ...result } = await duplex({
    ...{ ...request, ...pair, ...ends, linger: LINGER },
    signal: AbortSignal.any([signal, noLoopback.signal]),
    onStart: ({ in: received }) => onStart(received),
    receive: {
      ...{ depth, transferSize: wholePackets(transferSize, pair.in) },
      ...{ idleTimeout: IDLE_TIMEOUT, flush: { time: FLUSH_TIME, onUnfinished } },
    },
    send: { depth, transferSize, idleTimeout: IDLE_TIMEOUT },
  });
  if (unrequested > 0) {
    throw new CliError(
      'wrong-data',
      `endpoint ${formatEndpoint(pair.in.endpoint.address)} sent ${countOf(unrequested, 'byte')} ` +
        'before anything was sent to the device',
      { advice: ADVICE },
    );
  }
  return [
    {
      ...result,
      in: { location: pair.in, statistics: statistics.in, output: undefined, limits: {} },
      out: { location: pair.out, statistics: statistics.out, input: undefined, skip: 0 },
    },
    statistics.in,
  ];
}

/** @throws CliError unless a loopback has accepted all data and returned it */
function checkReturned({ end, in: received, out: sent }: StreamResult, { excess }: Verifier): void {
  if (received === undefined || sent === undefined) {
    return;
  }
  const { bytesReceived } = received.statistics;
  const { bytesAccepted, bytesUnsent, isMinimum } = sent.statistics;
  if (excess || (bytesReceived > bytesAccepted && !isMinimum)) {
    throw new CliError('wrong-data', 'the device returned more than was sent', { advice: ADVICE });
  }
  if (end.reason === 'idle' && bytesUnsent > 0) {
    const endpoint = formatEndpoint(sent.location.endpoint.address);
    throw new CliError(
      'idle',
      `endpoint ${endpoint} accepted ${countOf(bytesAccepted, 'byte')}, and then nothing for ` +
        `${IDLE_TIMEOUT / 1000} s; ${bytesReceived} came back`,
      { advice: bytesReceived === 0 ? ADVICE : undefined },
    );
  }
  if (end.reason === 'idle' || bytesReceived < bytesAccepted) {
    throw new CliError(
      'idle',
      bytesReceived === 0
        ? `nothing came back of ${countOf(bytesAccepted, 'byte')} that were sent`
        : `the device returned ${bytesReceived} of ${bytesAccepted} bytes`,
      { advice: bytesReceived === 0 ? ADVICE : undefined },
    );
  }
}
