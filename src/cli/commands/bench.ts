import { Argument, type Command, Option } from 'commander';
import type { Statistics } from '../../engine/stats/statistics.js';
import { locateIn, locateOut, locatePair } from '../../usb/locate.js';
import type { DeviceFilter } from '../../usb/model.js';
import { inRun, WrongData } from '../bench/failure.js';
import { LiveProgress, type ProgressOptions } from '../bench/live.js';
import { measureLoop, measureRoundTrips } from '../bench/loop.js';
import { measureRead, measureWrite, type RunPlan, type Subject } from '../bench/measure.js';
import { type Pattern, pattern } from '../bench/pattern.js';
import {
  type BenchMode,
  type BenchResult,
  type BenchRun,
  benchRecord,
  benchText,
} from '../bench/report.js';
import { addSubjectOptions, type SubjectOptions, withSubject } from '../bench/subject.js';
import { CliError } from '../errors/cli-error.js';
import { addDeviceOperand } from '../options/device.js';
import * as values from '../options/parsers.js';
import { interfaceOptions, pairOptions, queueOptions } from '../options/stream.js';
import { checkQueueSize, checkTransferLength, checkTransferMemory } from '../session/memory.js';
import { showsUnicode } from '../terminal/format.js';
import { toJson } from '../terminal/sanitize.js';
import { print, requireStdout } from '../terminal/stdio.js';

/** Milliseconds of a run without `--bytes` and `--duration`. */
const DEFAULT_DURATION = 2000;

/** The most round trips in a run. */
const MAX_ROUND_TRIPS = 100_000;

const COUNTER: Pattern = { kind: 'counter' };

interface BenchOptions extends SubjectOptions, ProgressOptions {
  readonly in?: number;
  readonly out?: number;
  readonly transfers: number;
  readonly transferSize: number;
  readonly runs: number;
  readonly bytes?: number;
  readonly duration?: number;
  readonly verify?: Pattern;
  readonly json?: true;
}

/** `usbxfer bench` */
export function define(command: Command): void {
  command.addArgument(
    new Argument('<mode>', 'read, write, or loop through a device that returns its data').choices([
      ...(['read', 'write', 'loop'] as const),
    ]),
  );
  addDeviceOperand(command);
  addSubjectOptions(command, [
    [
      'Endpoint:',
      new Option('--ep <address>', 'endpoint of read or write, as 0x82 or 0x02').argParser(
        values.endpointInFull,
      ),
      ...pairOptions(' for loop'),
      ...interfaceOptions(),
    ],
    ['Transfers:', ...queueOptions(false)],
    [
      'Runs:',
      new Option('--runs <n>', 'number of runs').argParser(values.runs).default(5),
      new Option('--bytes <size>', 'bytes in each run').argParser(values.size),
      new Option('--duration <time>', 'time of each run (default: 2s without --bytes)').argParser(
        values.duration,
      ),
      new Option(
        '--verify <pattern>',
        'data to check or send: counter, mod63 or hex bytes',
      ).argParser(pattern),
    ],
  ]);
  command.action(
    async (mode: BenchMode, operand: readonly DeviceFilter[] | undefined, given: BenchOptions) => {
      checkEndpointOptions(mode, given);
      await withSubject(given, operand, (subject) => bench(subject, mode, given));
    },
  );
}

/** @throws CliError for an endpoint option of another mode */
function checkEndpointOptions(mode: BenchMode, options: BenchOptions): void {
  const isLoop = mode === 'loop';
  const unused = isLoop ? (['ep'] as const) : (['in', 'out'] as const);
  const given = unused.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new CliError('conflicting-options', `bench ${mode} does not use --${given}`, {
      advice: isLoop ? 'give --in and --out' : 'give --ep',
    });
  }
}

/** @throws CliError if a run fails, after the result of the complete runs is printed */
async function bench(subject: Subject, mode: BenchMode, options: BenchOptions): Promise<void> {
  const { bytes, duration, transfers: depth, transferSize } = options;
  requireStdout();
  checkQueueSize(depth, transferSize);
  const plan: RunPlan = {
    ...{ depth, transferSize, bytes },
    duration: duration ?? (bytes === undefined ? DEFAULT_DURATION : undefined),
  };
  const { measure, ...endpoints } = runOf(subject, mode, plan, options);
  await checkMemory(subject, plan, endpoints);
  const { runs, failure } = await repeat(options, plan, measure);
  const wrong = failure instanceof WrongData ? failure : undefined;
  const result: BenchResult = {
    ...{ mode, device: subject.device, plan, runs, ...endpoints },
    expected: options.verify ?? (mode === 'loop' ? COUNTER : undefined),
    mistake: wrong && { run: runs.length + 1, part: wrong.part, ...wrong.mistake },
  };
  if (options.json && (runs.length > 0 || wrong !== undefined)) {
    print(toJson(benchRecord(result)));
  } else if (runs.length > 0) {
    print(benchText(result, showsUnicode()));
  }
  if (failure !== undefined) {
    throw inRun(failure, `run ${runs.length + 1} of ${options.runs}`, runs.length === 0);
  }
}

/** The complete runs, and why the next one is not complete, if so. */
interface Runs {
  readonly runs: readonly BenchRun[];
  readonly failure: unknown;
}

/** Measures runs until all are complete or one fails, and shows the progress. */
async function repeat(options: BenchOptions, plan: RunPlan, measure: MeasureRun): Promise<Runs> {
  const runs: BenchRun[] = [];
  const progress = await LiveProgress.start(options);
  try {
    while (runs.length < options.runs) {
      runs.push(
        await measure(progress.onStart, (part, from, to) => {
          const name = `run ${runs.length + 1} of ${options.runs}`;
          const share = (run: Statistics | undefined, now: number): number =>
            (runs.length + from + (to - from) * shareOf(plan, run, now)) / options.runs;
          progress.show({ name, share, ...(part && { subject: part }) });
        }),
      );
    }
    return { runs, failure: undefined };
  } catch (failure) {
    return { runs, failure };
  } finally {
    progress.stop();
  }
}

/** The share of a run that is done. */
function shareOf({ bytes, duration }: RunPlan, run: Statistics | undefined, now: number): number {
  if (run === undefined) {
    return 0;
  }
  const ofBytes = bytes === undefined ? 0 : run.bytesMoved / bytes;
  const ofTime = duration === undefined ? 0 : (run.secondsAt(now) * 1000) / duration;
  return Math.min(1, Math.max(ofBytes, ofTime));
}

/** @throws CliError if the backend or the system does not allow the transfers of a run */
async function checkMemory(
  { backend }: Subject,
  plan: RunPlan,
  { in: received, out: sent }: Pick<BenchResult, 'in' | 'out'>,
): Promise<void> {
  const locations = [received, sent].filter((location) => location !== undefined);
  const queues = locations.map(() => plan);
  const packetSizes = locations.map(({ endpoint }) => endpoint.maxPacketSize);
  checkTransferLength(queues, backend.maxTransferLength);
  checkTransferMemory(queues, Math.min(...packetSizes), await backend.transferMemory());
}

/**
 * Measures one run.
 *
 * @param onPart called when a part of the run begins: what it measures, and its share of the run
 */
type MeasureRun = (
  onStart: NonNullable<Subject['onStart']>,
  onPart: (part: string | undefined, from: number, to: number) => void,
) => Promise<BenchRun>;

/** The endpoints of a mode, and one run. */
type Run = Pick<BenchResult, 'in' | 'out'> & { readonly measure: MeasureRun };

/** Finds the endpoints. */
function runOf(subject: Subject, mode: BenchMode, plan: RunPlan, options: BenchOptions): Run {
  const { device } = subject;
  const { ep, in: from, out: to, verify } = options;
  const { configuration, interface: interfaceNumber, alt: alternateSetting } = options;
  const setting = { configuration, interfaceNumber, alternateSetting };
  const whole =
    (measure: (subject: Subject) => Promise<BenchRun>): MeasureRun =>
    (onStart, onPart) => {
      onPart(undefined, 0, 1);
      return measure({ ...subject, onStart });
    };
  switch (mode) {
    case 'read': {
      const location = locateIn(device, { ...setting, address: ep });
      return { in: location, measure: whole((one) => measureRead(one, location, plan, verify)) };
    }
    case 'write': {
      const location = locateOut(device, { ...setting, address: ep });
      const data = verify ?? COUNTER;
      return { out: location, measure: whole((one) => measureWrite(one, location, plan, data)) };
    }
    case 'loop': {
      const pair = locatePair(device, { ...setting, in: from, out: to });
      const data = verify ?? COUNTER;
      const measure: MeasureRun = async (onStart, onPart) => {
        const watched = { ...subject, onStart };
        onPart('single messages', 0, 0.5);
        const roundTrips = await measureRoundTrips(watched, pair, plan, MAX_ROUND_TRIPS, data);
        onPart('rate', 0.5, 1);
        return { roundTrips, ...(await measureLoop(watched, pair, plan, data)) };
      };
      return { ...pair, measure };
    }
  }
}
