import { type Command, Option } from 'commander';
import { locateIn } from '../../usb/locate.js';
import type { DeviceFilter } from '../../usb/model.js';
import { maxBulkRate } from '../../usb/speed.js';
import { maxMemory } from '../../usb/transfer-memory.js';
import { measureRead, type Subject } from '../bench/measure.js';
import { candidates, type Sample, type Setting, search } from '../bench/search.js';
import { addSubjectOptions, type SubjectOptions, withSubject } from '../bench/subject.js';
import { type TuneResult, tuneRecord, tuneText } from '../bench/tune-report.js';
import { CliError } from '../errors/cli-error.js';
import { addDeviceOperand } from '../options/device.js';
import * as values from '../options/parsers.js';
import { inEndpoint, interfaceOptions } from '../options/stream.js';
import { showsUnicode } from '../terminal/format.js';
import { toJson } from '../terminal/sanitize.js';
import { print, requireStdout } from '../terminal/stdio.js';

/** Milliseconds of the whole search. */
const DEFAULT_DURATION = 30_000;

/** The rounds that fit into the time, if each candidate stays. */
const ROUNDS = 4;

/** The shortest run in milliseconds. */
const MIN_RUN = 20;

interface TuneOptions extends SubjectOptions {
  readonly duration: number;
  readonly json?: true;
}

/** `usbxfer tune` */
export function define(command: Command): void {
  addDeviceOperand(command);
  addSubjectOptions(command, [
    ['Endpoint:', inEndpoint(), ...interfaceOptions()],
    [
      'Search:',
      new Option('--duration <time>', 'time for the whole search')
        .argParser(values.duration)
        .default(DEFAULT_DURATION, '30s'),
    ],
    ['Output:', new Option('--json', 'print one JSON object')],
  ]);
  command.action(async (operand: readonly DeviceFilter[] | undefined, given: TuneOptions) => {
    await withSubject(given, operand, async (subject) => {
      const result = await tune(subject, given);
      print(given.json ? toJson(tuneRecord(result)) : tuneText(result, showsUnicode()));
    });
  });
}

/** @throws CliError if a run fails, or the system has no memory for any candidate */
async function tune(subject: Subject, options: TuneOptions): Promise<TuneResult> {
  const { backend, device } = subject;
  requireStdout();
  const { ep, configuration, interface: interfaceNumber, alt: alternateSetting } = options;
  const setting = { configuration, interfaceNumber, alternateSetting };
  const location = locateIn(device, { ...setting, address: ep });
  const { bytes: memory = Number.POSITIVE_INFINITY } = (await backend.transferMemory()) ?? {};
  const settings = candidates({
    packetSize: location.endpoint.maxPacketSize,
    maxTransferSize: backend.maxTransferLength ?? Number.POSITIVE_INFINITY,
    fits: ({ depth, transferSize }) => depth * maxMemory(transferSize) <= memory,
  });
  if (settings.length === 0) {
    throw new CliError('no-memory', 'the kernel has too little memory for USB transfers');
  }
  const duration = Math.max(MIN_RUN, options.duration / (settings.length * ROUNDS));
  const deadline = performance.now() + options.duration;
  let bytes = 0;
  const measure = async (candidate: Setting): Promise<Sample> => {
    const { intervals, ...run } = await measureRead(subject, location, { ...candidate, duration });
    bytes += run.bytes;
    return { ...run, longestInterval: intervals.max, cpu: run.cpu / run.seconds };
  };
  const found = await search(settings, measure, () => performance.now() >= deadline);
  return { device, location, found, bytes, busRate: maxBulkRate(device.speed) };
}
