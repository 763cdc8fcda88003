import { statSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { SCENARIO_CLAUSES } from '../../backends/virtual/scenario/scenario.js';
import type { Backend, DeviceInfo } from '../../usb/backend.js';
import { RECIPIENTS, REQUEST_TYPES } from '../../usb/control.js';
import { bulkInEndpoints, outEndpoints } from '../../usb/locate.js';
import { driversOf } from '../devices/details.js';
import { loadBackend } from '../options/backend.js';
import { filterDevices } from '../options/device.js';
import {
  addresses,
  alternateSettings,
  buses,
  classes,
  endpoints,
  idPairs,
  interfaces,
  names,
  paths,
  productIds,
  serials,
  vendorIds,
} from './bus-values.js';
import { behind, type Candidate, type Completions } from './candidate.js';
import type { GivenOptions } from './parse-line.js';

/**
 * What the value of an option may become.
 *
 * @param value what is typed of it
 * @param given the other options on the line
 */
type ValueCompletion = (value: string, given: GivenOptions) => Completions | Promise<Completions>;

/**
 * By long option; those of a single command by its name and the option, as in `read --output`.
 * Options with choices need no entry, and sizes, times and counts are nobody's to guess.
 */
export const VALUE_COMPLETIONS: Readonly<Record<string, ValueCompletion>> = {
  '--device': onBus(idPairs),
  '--vid': onBus(vendorIds),
  '--pid': onBus(productIds),
  '--serial': onBus(serials),
  '--path': onBus(paths),
  '--bus': onBus(buses),
  '--address': onBus(addresses),
  '--scenario': scenarioClauses,
  '--stats': () => ({ prefix: '' }),
  '--name': onBus(names),
  '--class': onBus(classes),
  'control --input': () => ({ prefix: '' }),
  'control --output': () => ({ prefix: '' }),
  'list --driver': driverNames,
  'list --output': columnNames,
  'list --sort': columnToSortBy,
  'pipe --input': () => ({ prefix: '' }),
  'pipe --output': () => ({ prefix: '' }),
  'pipe --in': onBus(endpoints(bulkInEndpoints)),
  'pipe --out': onBus(endpoints(outEndpoints)),
  'pipe --interface': onBus(interfaces(outEndpoints)),
  'pipe --alt': onBus(alternateSettings(outEndpoints)),
  'read --output': () => ({ prefix: '' }),
  'read --ep': onBus(endpoints(bulkInEndpoints)),
  'read --interface': onBus(interfaces(bulkInEndpoints)),
  'read --alt': onBus(alternateSettings(bulkInEndpoints)),
  'write --input': () => ({ prefix: '' }),
  'write --ep': onBus(endpoints(outEndpoints)),
  'write --interface': onBus(interfaces(outEndpoints)),
  'write --alt': onBus(alternateSettings(outEndpoints)),
};

/** What the value of an option of a command may become. */
export async function completeValue(
  command: Command,
  option: Option,
  value: string,
  values: GivenOptions,
): Promise<Completions> {
  if (option.argChoices !== undefined) {
    return option.argChoices.map((text) => ({ text }));
  }
  const completion =
    VALUE_COMPLETIONS[`${command.name()} ${option.long}`] ?? VALUE_COMPLETIONS[option.long ?? ''];
  // The value that is typed does not bound itself, nor does one that is given a second time.
  const given = { ...onMachine(command), ...values, [option.attributeName()]: undefined };
  return completion === undefined ? [] : completion(value, given);
}

/** A command without a choice of bus is about the machine's own. */
function onMachine({ options }: Command): GivenOptions {
  return options.some(({ long }) => long === '--backend') ? {} : { backend: 'libusb' };
}

/** A completion from the devices that the other options fit, none of which is opened. */
function onBus(
  candidates: (devices: readonly DeviceInfo[], given: GivenOptions) => Candidate[],
): ValueCompletion {
  return async (_, given) => {
    const bus = await busOf(given);
    return bus === undefined ? [] : candidates(filterDevices(await bus.list(), given), given);
  };
}

async function driverNames(_: string, given: GivenOptions): Promise<Candidate[]> {
  const bus = await busOf(given);
  const devices = bus === undefined ? [] : filterDevices(await bus.list(), given);
  const states = await Promise.all(devices.map((device) => bus?.inspect(device)));
  const drivers = states.flatMap((state) => (state === undefined ? [] : driversOf(state)));
  return [...new Set(drivers)].sort().map((text) => ({ text }));
}

async function busOf({ backend, scenario }: GivenOptions): Promise<Backend | undefined> {
  return backend === undefined || mayBlock(scenario)
    ? undefined
    : loadBackend(scenario === undefined ? { backend } : { backend, scenario });
}

/** Whether reading a scenario could keep the shell waiting: it is to come from a FIFO or a terminal. */
function mayBlock(scenario: string | undefined): boolean {
  return scenario?.startsWith('@') === true && !statSync(scenario.slice(1)).isFile();
}

/**
 * What the next word of a control request may be, behind these; none for numbers.
 *
 * @param options those on the line, of which two are words too
 */
export function nextWords(words: readonly string[], options: readonly Option[]): readonly string[] {
  const isOption = options.some(({ long }) => long === '--in' || long === '--out');
  if (/^\d/.test(words[0] ?? '')) {
    return [];
  }
  return [['in', 'out'], REQUEST_TYPES, RECIPIENTS][words.length + (isOption ? 1 : 0)] ?? [];
}

/** For `list --output`: columns that are not there yet, behind the last comma. */
export async function columnNames(value: string): Promise<Completions> {
  const start = Math.max(value.lastIndexOf(',') + 1, value.startsWith('+') ? 1 : 0);
  const given = new Set(value.slice(0, start).toUpperCase().split(/[,+]/));
  const columns = (await candidates(value.slice(start))).filter(
    ({ text }) => !given.has(text.toUpperCase()),
  );
  const more = { text: '+', description: 'add to the usual columns' };
  return behind(value.slice(0, start), value === '' ? [...columns, more] : columns);
}

/** For `list --sort`. */
export async function columnToSortBy(value: string): Promise<Completions> {
  const start = value.startsWith('-') ? 1 : 0;
  return behind(value.slice(0, start), await candidates(value.slice(start)));
}

/** The columns; in small letters for who has begun so. */
async function candidates(word: string): Promise<Candidate[]> {
  const { COLUMNS } = await import('../devices/columns.js');
  const small = word !== word.toUpperCase();
  return COLUMNS.map(({ name, meaning }) => ({
    text: small ? name.toLowerCase() : name,
    description: meaning,
  }));
}

/** What a scenario may become: clauses behind the last comma, or the name of a file behind `@`. */
export function scenarioClauses(value: string): Completions {
  if (value.startsWith('@')) {
    return { prefix: '@' };
  }
  const start = value.lastIndexOf(',') + 1;
  const given = new Set(value.slice(0, start).match(/[a-z]+(?==)/g));
  const clauses = SCENARIO_CLAUSES.flatMap(([form, meaning]) => beginnings(form, meaning)).filter(
    ({ text }) => !given.has(text.replace(/=.*/, '')),
  );
  const file = { text: '@', description: 'read the scenario from a file' };
  return behind(value.slice(0, start), start === 0 ? [...clauses, file] : clauses);
}

/** What a clause begins with: `rate=SIZE[/s]|bus` is `rate=` and `rate=bus`. */
function beginnings(form: string, description: string): Candidate[] {
  const [, name = '', values = ''] = /^([a-z]+[=@])(.*)$/.exec(form) ?? [];
  const texts = values.split('|').map((value) => name + (/^[a-z]+$/.test(value) ? value : ''));
  return texts.map((text) => ({ text, description }));
}
