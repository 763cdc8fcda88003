import type { OpenOptions } from '../../engine/device/open.js';
import { capture } from '../../engine/session/capture.js';
import { wholePackets } from '../../engine/session/defaults.js';
import { send } from '../../engine/session/send.js';
import type { Statistics } from '../../engine/stats/statistics.js';
import type { Backend } from '../../usb/backend.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import type { ErrorCode } from '../errors/codes.js';
import { describeFailures } from '../report/failure.js';
import { makeReport, type Report, type StreamResult } from '../report/report.js';
import { type Interruption, throwIfInterrupted } from '../session/shutdown.js';
import { countOf } from '../terminal/format.js';
import { WrongData } from './failure.js';
import { type Pattern, PatternStream, Verifier } from './pattern.js';
import { DiscardingSink, PatternSource } from './streams.js';

/** How long a device may be silent, in milliseconds. */
export const IDLE_TIMEOUT = 5000;

/** The device that is measured. */
export interface Subject {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly claim: OpenOptions;
  readonly shutdown: Interruption;
  /** Called when a run starts, with the statistics, which are updated from then on. */
  readonly onStart?: ((statistics: Statistics) => void) | undefined;
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
  /** Processor time in user mode and in the kernel, and the same for 10^9 bytes. */
  readonly cpu: number;
  readonly cpuPerGigabyte: number;
  /** The share of the time in which the event loop was busy, or another program had the processor: 0 to 1. */
  readonly busy: number;
  /** No transfer was in flight, because usbxfer lagged. */
  readonly empty: number;
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
 * @throws CliError if the stream fails, a signal arrives, or the device sends nothing; WrongData at the first
 *   wrong byte
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

/** The part of a request to the engine that is the same for all runs. */
export type Request = Omit<Subject, 'shutdown' | 'onStart'> & {
  readonly signal: AbortSignal;
  /** Called when the device is open and nothing is submitted yet, with what is measured. */
  readonly onStart: (statistics: Statistics) => void;
};

/** A stream that has ended, and the statistics of the direction that is measured. */
export type Ended = readonly [StreamResult, Statistics];

/**
 * Runs a stream and measures it. Its CPU time does not include opening the device.
 *
 * @param verifier ends the run at the first wrong byte
 * @param check throws if the result is a failure for other reasons
 * @throws CliError as `measureRead`
 */
export async function measure(
  { shutdown, onStart, ...rest }: Subject,
  verifier: Verifier | undefined,
  run: (request: Request) => Promise<Ended>,
  check: (result: StreamResult) => void = () => {},
): Promise<Measurement> {
  throwIfInterrupted(shutdown, 'measuring');
  const signal = AbortSignal.any([shutdown.signal, ...(verifier ? [verifier.failed] : [])]);
  let before = process.cpuUsage();
  let loop = performance.eventLoopUtilization();
  const start = (statistics: Statistics): void => {
    onStart?.(statistics);
    before = process.cpuUsage();
    loop = performance.eventLoopUtilization();
  };
  const [result, statistics] = await run({ ...rest, signal, onStart: start });
  const { user, system } = process.cpuUsage(before);
  const { utilization } = performance.eventLoopUtilization(loop);
  if (verifier?.mistake !== undefined) {
    throw new WrongData(verifier.mistake);
  }
  throwIfInterrupted(shutdown, 'measuring');
  const { device } = rest;
  const suspensions = { count: 0, milliseconds: 0 };
  const report = makeReport(result, 0, { device, signal: undefined, suspensions });
  if (report.errorCode !== undefined && verifier?.failed.aborted !== true) {
    throw failed(report.errorCode, report, statistics);
  }
  check(result);
  return { ...measurementOf(statistics, (user + system) / 1e6), busy: utilization };
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

/** @param cpu seconds */
function measurementOf(statistics: Statistics, cpu: number): Omit<Measurement, 'busy'> {
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
