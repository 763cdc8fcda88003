import { type Command, Option } from 'commander';
import { locateIn } from '../../usb/locate.js';
import type { DeviceFilter } from '../../usb/model.js';
import { maxBulkRate } from '../../usb/speed.js';
import { maxMemory } from '../../usb/transfer-memory.js';
import { CandidateRunner, settingText } from '../bench/candidate-run.js';
import { LiveProgress, type ProgressOptions } from '../bench/live.js';
import { measureRead, type Subject } from '../bench/measure.js';
import { candidates, MAX_ROUNDS, MIN_ROUNDS, type Setting, search } from '../bench/search.js';
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

interface TuneOptions extends SubjectOptions, ProgressOptions {
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
  const progress = await LiveProgress.start(options);
  const { onStart } = progress;
  const runner = new CandidateRunner(
    (plan) => measureRead({ ...subject, onStart }, location, plan),
    options.duration / (settings.length * ROUNDS),
  );
  const startedAt = performance.now();
  const deadline = startedAt + options.duration;
  const share = (_: unknown, now: number): number => (now - startedAt) / options.duration;
  const show = (name: string, setting: Setting): void =>
    progress.show({ name, subject: settingText(setting), share });
  try {
    for (const setting of settings) {
      show('warm-up', setting);
      await runner.warmUp(setting);
    }
    const found = await search(
      settings,
      (setting, round) => {
        show(`round ${round} of ${round <= MIN_ROUNDS ? MIN_ROUNDS : MAX_ROUNDS}`, setting);
        return runner.measure(setting, round);
      },
      () => performance.now() >= deadline,
    );
    const { bytes, silentRuns } = runner;
    return { device, location, found, bytes, silentRuns, busRate: maxBulkRate(device.speed) };
  } finally {
    progress.stop();
  }
}
