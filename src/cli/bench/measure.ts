import type { OpenOptions } from '../../engine/device/open.js';
import { capture } from '../../engine/session/capture.js';
import { wholePackets } from '../../engine/session/defaults.js';
import { duplex } from '../../engine/session/duplex.js';
import { send } from '../../engine/session/send.js';
import type { Statistics } from '../../engine/stats/statistics.js';
import type { Backend } from '../../usb/backend.js';
import type { EndpointLocation, EndpointPair } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import type { ErrorCode } from '../errors/codes.js';
import { describeFailures } from '../report/failure.js';
import { makeReport, type Report, type StreamResult } from '../report/report.js';
import { type Interruption, throwIfInterrupted } from '../session/shutdown.js';
import { countOf } from '../terminal/format.js';
import { type Mistake, type Pattern, PatternStream, Verifier } from './pattern.js';
import { DiscardingSink, PatternSource, PingPong } from './streams.js';

/** How long a device may be silent, in milliseconds. */
const IDLE_TIMEOUT = 5000;

/** How long the last data of a loopback may take, in milliseconds. */
const LINGER = 100;

/** How long to discard what a loopback still has of an earlier run, in milliseconds. */
const FLUSH_TIME = 1000;

/** The device that is measured. */
export interface Subject {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly claim: OpenOptions;
  readonly shutdown: Interruption;
}

/** The transfers in flight, and how much to move. */
export interface RunPlan {
  readonly depth: number;
  /** Bytes in each transfer. */
  readonly transferSize: number;
  /** When the run ends: the first of both. */
  readonly bytes?: number | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
}

/** What one run measured. Times in seconds. */
export interface Measurement {
  readonly bytes: number;
  readonly seconds: number;
  readonly bytesPerSecond: number;
  readonly transfers: number;
  readonly transfersPerSecond: number;
  readonly firstByte: number;
  /** The times between completions. */
  readonly intervals: Percentiles;
  /** Processor time in user mode and in the kernel. */
  readonly cpuPerGigabyte: number;
  readonly cpu: number;
  /** No transfer was in flight, because usbxfer lagged. */
  readonly empty: number;
  readonly mistake: Mistake | undefined;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/**
 * Measures an IN endpoint. The data is discarded.
 *
 * @param expected compared with the data, if given
 * @throws CliError if the stream fails, a signal arrives, or the device sends nothing
 */
export function measureRead(
  subject: Subject,
  location: EndpointLocation,
  plan: RunPlan,
  expected?: Pattern,
): Promise<Measurement> {
  const { maxPacketSize } = location.endpoint;
  const verifier = expected && new Verifier(new PatternStream(expected, maxPacketSize));
  const receive = {
    ...{ depth: plan.depth, bytes: plan.bytes, idleTimeout: IDLE_TIMEOUT },
    transferSize: wholePackets(plan.transferSize, location),
  };
  return measure(subject, verifier, async (request) => {
    const sink = new DiscardingSink(verifier);
    const { duration } = plan;
    const result = await capture({ ...request, duration, location, sink, receive });
    const { statistics } = result;
    const report = { location, statistics, output: undefined, limits: {} };
    return [{ ...result, in: report }, statistics];
  });
}

/** Measures an OUT endpoint, like `measureRead`, with data of a pattern. */
export function measureWrite(
  subject: Subject,
  location: EndpointLocation,
  plan: RunPlan,
  data: Pattern,
): Promise<Measurement> {
  const { depth, transferSize, bytes, duration } = plan;
  const stream = new PatternStream(data, location.endpoint.maxPacketSize);
  return measure(subject, undefined, async (request) => {
    const source = new PatternSource(stream, { bytes });
    const { size } = source;
    const result = await send({
      ...{ ...request, duration, location, source },
      send: { depth, transferSize, idleTimeout: IDLE_TIMEOUT },
    });
    const { statistics } = result;
    const report = { location, statistics, input: undefined, unread: size, skip: 0 };
    return [{ ...result, out: report }, statistics];
  });
}

/** Measures the throughput of a loopback: all data that was sent must come back. */
export function measureLoop(
  subject: Subject,
  pair: EndpointPair,
  plan: RunPlan,
  data: Pattern,
): Promise<Measurement> {
  const stream = () => new PatternStream(data, pair.out.endpoint.maxPacketSize);
  const verifier = new Verifier(stream(), 0);
  const ends = { source: new PatternSource(stream(), plan), sink: new DiscardingSink(verifier) };
  return measure(subject, verifier, (request) => runLoop(request, pair, plan, ends));
}

/** The times of the round trips through a loopback, in seconds. */
export interface RoundTrips extends Percentiles {
  readonly count: number;
  /** Bytes of each message. */
  readonly message: number;
  readonly mistake: Mistake | undefined;
}

/**
 * Measures how long a message takes through a loopback: half a packet, so that a short packet ends it.
 *
 * @param count round trips at most
 */
export async function measureRoundTrips(
  subject: Subject,
  pair: EndpointPair,
  plan: Pick<RunPlan, 'duration'>,
  count: number,
  data: Pattern,
): Promise<RoundTrips> {
  const { maxPacketSize } = pair.out.endpoint;
  const message = Math.max(1, Math.floor(maxPacketSize / 2));
  const stream = () => new PatternStream(data, maxPacketSize);
  const verifier = new Verifier(stream(), 0);
  const { duration = Number.POSITIVE_INFINITY } = plan;
  const ends = new PingPong(stream(), verifier, message, count, duration);
  const queue = { depth: 1, transferSize: message };
  await measure(subject, verifier, (request) =>
    runLoop(request, pair, queue, { source: ends, sink: ends }),
  );
  const times = ends.times.toSorted((a, b) => a - b);
  const at = (share: number): number => (times[Math.floor(share * (times.length - 1))] ?? 0) / 1000;
  return {
    ...{ count: times.length, message, mistake: verifier.mistake },
    ...{ p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) },
  };
}

/** The part of a request to the engine that is the same for all runs. */
type Request = Omit<Subject, 'shutdown'> & { readonly signal: AbortSignal };

/** A stream that has ended, and the statistics of the direction that is measured. */
type Ended = [StreamResult, Statistics];

async function runLoop(
  request: Request,
  pair: EndpointPair,
  { depth, transferSize }: RunPlan,
  ends: Pick<Parameters<typeof duplex>[0], 'source' | 'sink'>,
): Promise<Ended> {
  const { statistics, ...result } = await duplex({
    ...{ ...request, ...pair, ...ends, linger: LINGER },
    receive: {
      ...{ depth, transferSize: wholePackets(transferSize, pair.in) },
      ...{ idleTimeout: IDLE_TIMEOUT, flush: { time: FLUSH_TIME } },
    },
    send: { depth, transferSize },
  });
  return [
    {
      ...result,
      in: { location: pair.in, statistics: statistics.in, output: undefined, limits: {} },
      out: { location: pair.out, statistics: statistics.out, input: undefined, skip: 0 },
    },
    statistics.in,
  ];
}

async function measure(
  subject: Subject,
  verifier: Verifier | undefined,
  run: (request: Request) => Promise<Ended>,
): Promise<Measurement> {
  const { shutdown, ...rest } = subject;
  throwIfInterrupted(shutdown, 'measuring');
  const signal = AbortSignal.any([shutdown.signal, ...(verifier ? [verifier.failed] : [])]);
  const before = process.cpuUsage();
  const [result, statistics] = await run({ ...rest, signal });
  const { user, system } = process.cpuUsage(before);
  throwIfInterrupted(shutdown, 'measuring');
  const { device } = subject;
  const suspensions = { count: 0, milliseconds: 0 };
  const report = makeReport(result, 0, { device, signal: undefined, suspensions });
  const { mistake } = verifier ?? {};
  if (report.errorCode !== undefined && !(mistake && report.end.reason === 'interrupted')) {
    throw failed(report.errorCode, report, statistics);
  }
  if (mistake === undefined) {
    checkReturned(result);
  }
  return { ...measurementOf(statistics, (user + system) / 1e6), mistake };
}

/** The error of a run that failed. */
function failed(code: ErrorCode, report: Report, { bytesMoved }: Statistics): CliError {
  const what = describeFailures(report, true) ?? report.end.reason;
  return new CliError(code, `${what}; this run moved ${countOf(bytesMoved, 'byte')}`, {
    advice:
      code === 'stall' && bytesMoved === 0
        ? 'usbxfer clear-halt clears a halt that was left before'
        : undefined,
  });
}

/** @throws CliError if a loopback has not returned all data */
function checkReturned({ in: received, out: sent }: StreamResult): void {
  const { bytesReceived } = received?.statistics ?? { bytesReceived: 0 };
  const { bytesAccepted } = sent?.statistics ?? { bytesAccepted: 0 };
  if (received !== undefined && bytesReceived < bytesAccepted) {
    throw new CliError('idle', `the device returned ${bytesReceived} of ${bytesAccepted} bytes`, {
      advice: 'bench loop needs a device that sends back what it receives',
    });
  }
}

/** @param cpu seconds */
function measurementOf(statistics: Statistics, cpu: number): Omit<Measurement, 'mistake'> {
  const { transfers, seconds, timings, bytesMoved: bytes } = statistics;
  const { data, starved } = timings;
  if (bytes === 0) {
    throw new CliError('idle', `the device moved no data in ${(seconds * 1000).toFixed(0)} ms`, {
      advice: 'give a longer --duration, or start the device first',
    });
  }
  const percentile = (percent: number): number => data.intervalPercentile(percent) / 1000;
  const perSecond = (amount: number): number => (seconds > 0 ? amount / seconds : 0);
  return {
    ...{ bytes, seconds, transfers },
    bytesPerSecond: perSecond(bytes),
    transfersPerSecond: perSecond(transfers),
    firstByte: (data.firstByte ?? 0) / 1000,
    intervals: {
      ...{ p50: percentile(50), p99: percentile(99), p999: percentile(99.9) },
      max: data.longestInterval / 1000,
    },
    cpu,
    cpuPerGigabyte: (cpu / bytes) * 1e9,
    empty: starved.milliseconds / 1000,
  };
}
