import type { Command } from 'commander';
import { type WatchedBus, watchBus } from '../../engine/device/presence.js';
import { Deadline } from '../../engine/timers.js';
import type { BusEvent } from '../../usb/bus-events.js';
import { deviceName, UNKNOWN } from '../devices/details.js';
import { identityRecord } from '../devices/record.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../options/backend.js';
import {
  addFilterOptions,
  addKindOptions,
  addPlaceOptions,
  type FilterOptions,
  filterDevices,
  type KindOptions,
  matchesName,
} from '../options/device.js';
import * as values from '../options/parsers.js';
import { FirstSignal } from '../session/shutdown.js';
import { countOf, ids, signallingRate } from '../terminal/format.js';
import { NonBlockingWriter, nonBlocking } from '../terminal/nonblocking-writer.js';
import { LONGEST_NAME, sanitize, toJsonLine } from '../terminal/sanitize.js';
import { STDOUT } from '../terminal/stdio.js';

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
    matchesName(deviceName(device, UNKNOWN), options) &&
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

const SCHEMA = 'usbxfer.watch/1';

/** What is rarely exceeded, so that the columns of lines that know nothing of each other meet. */
const PATH_WIDTH = 7;
const RATE_WIDTH = 4;
const NAME_WIDTH = 24;

/** An event as a line for a person: `2026-11-21T10:24:15.123Z  attach   3-1.2    1234:5678  480M  …` */
export function eventLine({ kind, device }: BusEvent, time: Date): string {
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

/** The same for programs (schema/watch.schema.json). */
export function eventRecord({ kind, device }: BusEvent, time: Date): Record<string, unknown> {
  return {
    schema: SCHEMA,
    event: kind,
    time: time.toISOString(),
    device: identityRecord(device),
  };
}

/** How often to look whether a reader that takes nothing is still worth waiting for, in milliseconds. */
const LOOK = 100;

/** How long the last line may take to get through, in milliseconds. */
const LAST_WORDS = 5000;

/**
 * Lines on stdout, one after another as they come to be. A reader that is slow is waited for, without
 * blocking the process, as a write of Node's to a full pipe would: signals and timers are served.
 */
export class LineOutput {
  readonly #queue = new NonBlockingWriter(nonBlocking(STDOUT) ?? stdoutOfNode());

  /** Whether nothing can be written any more. */
  get isBroken(): boolean {
    return this.#queue.failure !== undefined;
  }

  /**
   * Writes a line, and resolves when the reader has it, or never will.
   *
   * @param signal ends the wait; what then is left of the line gets its chance in `close`
   */
  async put(line: string, signal: AbortSignal): Promise<void> {
    this.#queue.put(`${line}\n`);
    while (!this.#queue.isEmpty && !signal.aborted) {
      await this.#queue.drained(LOOK);
    }
  }

  /**
   * Waits a moment for the last line to get through. A reader that closed the pipe has had enough.
   *
   * @throws CliError when stdout did not take everything
   */
  async close(): Promise<void> {
    await this.#queue.drained(LAST_WORDS);
    const cause = this.#queue.isEmpty ? this.#queue.failure : new Error('nobody reads it');
    if (cause !== undefined && (cause as NodeJS.ErrnoException).code !== 'EPIPE') {
      const message = `cannot write to stdout: ${systemReason(cause)}`;
      throw new CliError('output-failed', message, { cause });
    }
  }
}

/** Node makes a pipe or socket on stdout non-blocking. */
function stdoutOfNode(): number {
  process.stdout.on('error', () => {});
  return STDOUT;
}
