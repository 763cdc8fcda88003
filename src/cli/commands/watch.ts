import type { Command } from 'commander';
import { type WatchedBus, watchBus } from '../../engine/device/presence.js';
import { Deadline } from '../../engine/timers.js';
import type { BusEvent } from '../../usb/bus-events.js';
import { ids } from '../../usb/format.js';
import type { DeviceFilter, DeviceInfo } from '../../usb/model.js';
import { deviceName, UNKNOWN } from '../devices/details.js';
import { identityRecord } from '../devices/record.js';
import { CliError } from '../errors/cli-error.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../options/backend.js';
import {
  addDeviceOperands,
  addFilterOptions,
  addKindOptions,
  addPlaceOptions,
  describeFilters,
  type FilterOptions,
  filterDevices,
  type KindOptions,
  matchesName,
  withOperand,
} from '../options/device.js';
import * as values from '../options/parsers.js';
import { ShutdownController, unlessInterrupted } from '../session/shutdown.js';
import { countOf, signallingRate } from '../terminal/format.js';
import { LineOutput } from '../terminal/line-output.js';
import { LONGEST_NAME, sanitize, toJsonLine } from '../terminal/sanitize.js';
import { logToStderr, requireStdout } from '../terminal/stdio.js';

interface WatchOptions extends BackendOptions, FilterOptions, KindOptions {
  readonly initial?: true;
  readonly count?: number;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly json?: true;
}

/** `usbxfer watch` */
export function define(command: Command): void {
  const format = { repeatable: true };
  addDeviceOperands(command);
  addKindOptions(addPlaceOptions(addFilterOptions(command, format), format));
  command
    .optionsGroup('Limits:')
    .option('--count <n>', 'stop after this many events', values.count)
    .option('--timeout <time>', 'stop after this long', values.duration);
  command
    .optionsGroup('Output:')
    .option('--initial', 'start with the devices that are connected already')
    .option('--json', 'print one JSON object per line');
  addBackendOptions(command);
  command.action(watch);
}

/** @throws CliError if it ends before a limit, or stdout is closed or fails */
async function watch(operand: readonly DeviceFilter[], given: WatchOptions): Promise<void> {
  const options = withOperand(given, operand);
  requireStdout();
  const { count = Number.POSITIVE_INFINITY, timeout } = options;
  const shutdown = new ShutdownController({ json: options.json ?? false });
  const bus: WatchedBus = await unlessInterrupted(shutdown, 'starting', (signal) =>
    loadBackend(options, signal),
  );
  const output = new LineOutput();
  const expired = new AbortController();
  const ended = AbortSignal.any([shutdown.signal, expired.signal]);
  const deadline = timeout === undefined ? undefined : new Deadline(timeout, () => expired.abort());
  let printed = 0;
  try {
    for await (const line of linesOf(bus, options, ended)) {
      await output.put(line, ended);
      printed += 1;
      if (printed >= count || output.isBroken) {
        break;
      }
    }
    await output.close();
  } finally {
    deadline?.clear();
    shutdown.dispose();
  }
  if (ended.aborted && printed < count) {
    checkLimits(options, printed, shutdown.received);
  }
}

/** Yields a line for each event that matches the options. Prints what it watches when it starts. */
async function* linesOf(
  bus: WatchedBus,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  let isFirst = true;
  for await (const events of watchBus(bus, signal)) {
    const now = new Date(); // the time of the events, not of the output
    const selected = events.filter(({ device }) => isSelected(device, options));
    if (isFirst && !options.json) {
      logToStderr(startText(options, selected.length));
    }
    isFirst = false;
    for (const event of selected) {
      if (signal.aborted) {
        return;
      }
      if (event.kind !== 'present' || options.initial) {
        yield options.json ? toJsonLine(eventRecord(event, now)) : eventLine(event, now);
      }
    }
  }
}

function isSelected(device: DeviceInfo, options: WatchOptions): boolean {
  return (
    matchesName(deviceName(device, UNKNOWN), options) && filterDevices([device], options).length > 0
  );
}

/** `usbxfer: watching USB devices with ID 1234:5678 (0 connected); Ctrl-C ends the command` */
function startText(options: WatchOptions, connected: number): string {
  const filters = [...describeFilters(options), ...describeNames(options)];
  const which = filters.length === 0 ? 'all USB devices' : `USB devices with ${filters.join(', ')}`;
  return `usbxfer: watching ${which} (${connected} connected); Ctrl-C ends the command`;
}

function describeNames({ name: parts = [] }: KindOptions): string[] {
  return parts.length === 0 ? [] : [`name ${parts.map((part) => sanitize(part)).join(' or ')}`];
}

/** @throws CliError if a signal or `--timeout` ended it before a limit */
function checkLimits(
  { count, timeout }: WatchOptions,
  printed: number,
  received: NodeJS.Signals | undefined,
): void {
  const events =
    count === undefined ? countOf(printed, 'event') : `${printed} of ${countOf(count, 'event')}`;
  if (received !== undefined && (count !== undefined || timeout !== undefined)) {
    throw new CliError('interrupted', `${received} after ${events}`, { signal: received });
  }
  if (received === undefined && count !== undefined) {
    throw new CliError('timeout', `the time limit expired after ${events}`);
  }
}

const SCHEMA = 'usbxfer.watch/1';

/** Column widths that are rarely exceeded, so that the columns of most lines are aligned. */
const PATH_WIDTH = 7;
const RATE_WIDTH = 4;
const NAME_WIDTH = 24;

/** An event as a line of text: `2026-11-21T10:24:15.123Z  attach   3-1.2    1234:5678  480M  …` */
function eventLine({ kind, device }: BusEvent, time: Date): string {
  const { path, speed, serial } = device;
  return [
    time.toISOString(),
    kind.padEnd('present'.length),
    path.padEnd(PATH_WIDTH),
    ids(device),
    (speed === undefined ? '' : signallingRate(speed)).padEnd(RATE_WIDTH),
    sanitize(deviceName(device, UNKNOWN), LONGEST_NAME).padEnd(NAME_WIDTH),
    sanitize(serial ?? ''),
  ]
    .join('  ')
    .trimEnd();
}

/** An event in the format of schema/watch.schema.json. */
function eventRecord({ kind, device }: BusEvent, time: Date): Record<string, unknown> {
  return {
    schema: SCHEMA,
    event: kind,
    time: time.toISOString(),
    device: identityRecord(device),
  };
}
