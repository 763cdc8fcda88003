import type { Command } from 'commander';
import { Deadline } from '../../transfer/deadline.js';
import { type WatchedBus, watchBus } from '../../transfer/watch-bus.js';
import type { BusEvent } from '../../usb/bus-events.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../backends.js';
import { CliError } from '../cli-error.js';
import { deviceName, UNKNOWN } from '../device-name.js';
import { eventLine, eventRecord } from '../event-text.js';
import { FirstSignal } from '../first-signal.js';
import { countOf } from '../format.js';
import { addKindOptions, isCalled, type KindOptions } from '../kind-options.js';
import { LineOutput } from '../line-output.js';
import { toJsonLine } from '../sanitize.js';
import {
  addFilterOptions,
  addPlaceOptions,
  each,
  type FilterOptions,
  filterDevices,
} from '../selection.js';
import * as values from '../values.js';

interface WatchOptions extends BackendOptions, FilterOptions, KindOptions {
  readonly initial?: true;
  readonly count?: number;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly json?: true;
}

/** `usbxfer watch` */
export function define(command: Command): void {
  addKindOptions(addPlaceOptions(addFilterOptions(command, each), each));
  command
    .optionsGroup('Limits:')
    .option('--count <n>', 'end after so many events', values.count)
    .option('--timeout <time>', 'end after so long, short of --count or not', values.duration);
  command
    .optionsGroup('Output:')
    .option('--initial', 'begin with the devices that are there')
    .option('--json', 'print one JSON object a line');
  addBackendOptions(command);
  command.action(watch);
}

/** @throws CliError when it ended short of a limit, or stdout failed */
async function watch(options: WatchOptions): Promise<void> {
  const { count = Number.POSITIVE_INFINITY, timeout } = options;
  const bus: WatchedBus = await loadBackend(options);
  const output = new LineOutput();
  const ended = new AbortController();
  const interruption = new FirstSignal(() => ended.abort());
  const deadline = timeout === undefined ? undefined : new Deadline(timeout, () => ended.abort());
  let told = 0;
  try {
    for await (const line of linesOf(bus, options, ended.signal)) {
      await output.put(line, ended.signal);
      told += 1;
      if (told >= count || output.isBroken) {
        break;
      }
    }
    await output.close();
  } finally {
    deadline?.clear();
    interruption.dispose();
  }
  if (ended.signal.aborted && told < count) {
    checkLimits(options, told, interruption.received);
  }
}

/** A line for each event that is meant. */
async function* linesOf(
  bus: WatchedBus,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  for await (const events of watchBus(bus, signal)) {
    const now = new Date(); // when it was seen, however long the reader takes
    for (const event of events) {
      if (signal.aborted) {
        return;
      }
      if (isMeant(event, options)) {
        yield options.json ? toJsonLine(eventRecord(event, now)) : eventLine(event, now);
      }
    }
  }
}

function isMeant({ kind, device }: BusEvent, options: WatchOptions): boolean {
  const isWanted = kind !== 'present' || options.initial === true;
  return (
    isWanted &&
    isCalled(deviceName(device, UNKNOWN), options) &&
    filterDevices([device], options).length > 0
  );
}

/** @throws CliError when that end, by a signal or by `--timeout`, is one before a limit */
function checkLimits(
  { count, timeout }: WatchOptions,
  told: number,
  received: NodeJS.Signals | undefined,
): void {
  const events =
    count === undefined ? countOf(told, 'event') : `${told} of ${countOf(count, 'event')}`;
  if (received !== undefined && (count !== undefined || timeout !== undefined)) {
    throw new CliError('interrupted', `${received} after ${events}`, { signal: received });
  }
  if (received === undefined && count !== undefined) {
    throw new CliError('timeout', `the time is over after ${events}`);
  }
}
