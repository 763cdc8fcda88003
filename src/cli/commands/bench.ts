import { Argument, type Command, Option } from 'commander';
import { hex2 } from '../../usb/format.js';
import { locateIn, locateOut, locatePair } from '../../usb/locate.js';
import type { DeviceFilter } from '../../usb/model.js';
import {
  measureLoop,
  measureRead,
  measureRoundTrips,
  measureWrite,
  type RunPlan,
  type Subject,
} from '../bench/measure.js';
import { type Pattern, pattern } from '../bench/pattern.js';
import {
  type BenchMode,
  type BenchResult,
  type BenchRun,
  benchRecord,
  benchText,
  firstMistake,
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

interface BenchOptions extends SubjectOptions {
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
    ['Output:', new Option('--json', 'print one JSON object')],
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

/** @throws CliError if a run fails or the data is wrong, after the result of the complete runs is printed */
async function bench(subject: Subject, mode: BenchMode, options: BenchOptions): Promise<void> {
  const { bytes, duration, transfers: depth, transferSize } = options;
  requireStdout();
  checkQueueSize(depth, transferSize);
  const plan: RunPlan = {
    ...{ depth, transferSize, bytes },
    duration: duration ?? (bytes === undefined ? DEFAULT_DURATION : undefined),
  };
  const runs: BenchRun[] = [];
  const { measure, ...endpoints } = runOf(subject, mode, plan, options);
  await checkMemory(subject, plan, endpoints);
  const { device } = subject;
  const expected = options.verify ?? (mode === 'loop' ? COUNTER : undefined);
  const result: BenchResult = { mode, device, plan, expected, runs, ...endpoints };
  try {
    while (runs.length < options.runs && firstMistake(runs) === undefined) {
      runs.push(await measure());
    }
  } finally {
    if (runs.length > 0) {
      print(options.json ? toJson(benchRecord(result)) : benchText(result, showsUnicode()));
    }
  }
  const mistake = firstMistake(runs);
  if (mistake !== undefined) {
    const { run, offset, expected: wanted, actual } = mistake;
    throw new CliError(
      'wrong-data',
      `wrong data at offset ${offset} of run ${run}: received 0x${hex2(actual)} instead of 0x${hex2(wanted)}`,
    );
  }
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

/** The endpoints of a mode, and one run. */
type Run = Pick<BenchResult, 'in' | 'out'> & { readonly measure: () => Promise<BenchRun> };

/** Finds the endpoints. */
function runOf(subject: Subject, mode: BenchMode, plan: RunPlan, options: BenchOptions): Run {
  const { device } = subject;
  const { ep, in: from, out: to, verify } = options;
  const { configuration, interface: interfaceNumber, alt: alternateSetting } = options;
  const setting = { configuration, interfaceNumber, alternateSetting };
  switch (mode) {
    case 'read': {
      const location = locateIn(device, { ...setting, address: ep });
      return { in: location, measure: () => measureRead(subject, location, plan, verify) };
    }
    case 'write': {
      const location = locateOut(device, { ...setting, address: ep });
      const data = verify ?? COUNTER;
      return { out: location, measure: () => measureWrite(subject, location, plan, data) };
    }
    case 'loop': {
      const pair = locatePair(device, { ...setting, in: from, out: to });
      const data = verify ?? COUNTER;
      const measure = async () => ({
        roundTrips: await measureRoundTrips(subject, pair, plan, MAX_ROUND_TRIPS, data),
        ...(await measureLoop(subject, pair, plan, data)),
      });
      return { ...pair, measure };
    }
  }
}
