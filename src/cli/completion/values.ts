import { statSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { SCENARIO_CLAUSES } from '../../backends/virtual/scenario-clauses.js';
import type { Backend } from '../../usb/backend.js';
import { RECIPIENTS, REQUEST_TYPES } from '../../usb/control.js';
import {
  type EndpointLocation,
  type EndpointRequest,
  inEndpoints,
  outEndpoints,
} from '../../usb/locate.js';
import { type DeviceInfo, isHub } from '../../usb/model.js';
import { COLUMNS } from '../devices/columns.js';
import { driversOf } from '../devices/details.js';
import { backendOptionsOf, loadBackend } from '../options/backend.js';
import { filterDevices } from '../options/device.js';
import {
  alternateSettings,
  type BusValues,
  configurations,
  DEVICE_VALUES,
  endpoints,
  idValues,
  interfaces,
  pathValues,
} from './bus-values.js';
import type { GivenOptions } from './parse-line.js';

/** One completion of the word under the cursor. */
export interface Candidate {
  /** The whole word, without quotes. May contain device strings. */
  readonly text: string;
  /** A few words about it, which some shells show. May contain device strings. */
  readonly description?: string | undefined;
}

/** A request to the shell to complete the name of a file. */
interface FileName {
  /** The part of the word before the name: `--output=`, `@`. */
  readonly prefix: string;
}

export type Completions = readonly Candidate[] | FileName;

/** Turns completions of a part of a word into completions of the word. */
export function addPrefix(prefix: string, completions: Completions): Completions {
  return 'prefix' in completions
    ? { prefix: prefix + completions.prefix }
    : completions.map((candidate) => ({ ...candidate, text: prefix + candidate.text }));
}

/**
 * Completes the value of an option.
 *
 * @param value the part of the value that has been typed
 * @param given the other options on the line
 */
type CompleteValue = (value: string, given: GivenOptions) => Completions | Promise<Completions>;

const fileName: CompleteValue = () => ({ prefix: '' });

/**
 * How to complete the value of each option. A key with a command, such as `list --output`, precedes
 * one without. Options with choices need no entry; sizes, times and counts are not completed.
 */
export const VALUE_COMPLETIONS: Readonly<Record<string, CompleteValue>> = {
  ...Object.fromEntries(
    Object.entries(DEVICE_VALUES).map(([option, values]) => [option, onBus(values)]),
  ),
  '--configuration': onBus(configurations),
  '--capture': fileName,
  '--device-file': fileName,
  '--index': fileName,
  '--input': fileName,
  '--json': fileName,
  '--output': fileName,
  '--record': fileName,
  '--scenario': scenarioClauses,
  '--script': fileName,
  '--stats': fileName,
  'bench --alt': onBus(alternateSettings(transferring)),
  'bench --ep': onBus(endpoints(transferring)),
  'bench --in': onBus(endpoints(readable)),
  'bench --interface': onBus(interfaces(transferring)),
  'bench --out': onBus(endpoints(outEndpoints)),
  'clear-halt --ep': onBus(endpoints(transferring)),
  'list --driver': driverNames,
  'list --output': columnNames,
  'list --sort': sortColumns,
  'pipe --in': onBus(endpoints(readable)),
  'pipe --out': onBus(endpoints(outEndpoints)),
  'pipe --interface': onBus(interfaces(outEndpoints)),
  'pipe --alt': onBus(alternateSettings(outEndpoints)),
  'read --ep': onBus(endpoints(readable)),
  'read --interface': onBus(interfaces(readable)),
  'read --alt': onBus(alternateSettings(readable)),
  'tune --alt': onBus(alternateSettings(readable)),
  'tune --ep': onBus(endpoints(readable)),
  'tune --interface': onBus(interfaces(readable)),
  'write --ep': onBus(endpoints(outEndpoints)),
  'write --interface': onBus(interfaces(outEndpoints)),
  'write --alt': onBus(alternateSettings(outEndpoints)),
};

/** The endpoints to read from. That of a hub is for its driver only. */
function readable(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  return isHub(device) ? [] : inEndpoints(device, request);
}

/** The endpoints of both directions. */
function transferring(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  return [...readable(device, request), ...outEndpoints(device, request)];
}

/** Completes the value of an option of a command. */
export async function completeValue(
  command: Command,
  option: Option,
  value: string,
  values: GivenOptions,
): Promise<Completions> {
  if (option.argChoices !== undefined) {
    return option.argChoices.map((text) => ({ text }));
  }
  const complete =
    VALUE_COMPLETIONS[`${command.name()} ${option.long}`] ?? VALUE_COMPLETIONS[option.long ?? ''];
  // An earlier value of the same option does not restrict this one.
  const given = { ...withBackend(command, values), [option.attributeName()]: undefined };
  return complete === undefined ? [] : complete(value, given);
}

/** How to complete operands, by name. */
const OPERAND_COMPLETIONS: Readonly<Record<string, BusValues>> = {
  device: (devices) => [...idValues(devices), ...pathValues(devices)],
  ids: idValues,
};

/** Completes an operand that selects a device; no candidates for another one. */
export async function completeDevice(
  command: Command,
  operand: string,
  values: GivenOptions,
): Promise<readonly Candidate[]> {
  const candidates = OPERAND_COMPLETIONS[operand];
  // An earlier operand does not restrict this one.
  const given = { ...withBackend(command, values), operand: undefined };
  return candidates === undefined ? [] : onBus(candidates)('', given);
}

/** Adds the backend of a command without `--backend`: the real bus. */
function withBackend(command: Command, values: GivenOptions): GivenOptions {
  const hasBackend = command.options.some(({ long }) => long === '--backend');
  return hasBackend ? values : { backend: 'libusb', ...values };
}

/** Completes from the devices that match the other options. Opens none of them. */
function onBus(values: BusValues): (value: string, given: GivenOptions) => Promise<Candidate[]> {
  return async (_, given) => {
    const bus = await busOf(given);
    return bus === undefined ? [] : values(filterDevices(await bus.list(), given), given);
  };
}

async function driverNames(_: string, given: GivenOptions): Promise<Candidate[]> {
  const bus = await busOf(given);
  const devices = bus === undefined ? [] : filterDevices(await bus.list(), given);
  const states = await Promise.all(devices.map((device) => bus?.inspect(device)));
  const drivers = states.flatMap((state) => (state === undefined ? [] : driversOf(state)));
  return [...new Set(drivers)].sort().map((text) => ({ text }));
}

/** The bus to complete from; undefined if there is none, or if it might take long. */
async function busOf({ backend, ...given }: GivenOptions): Promise<Backend | undefined> {
  const mayBlock = given.host !== undefined || filesOf(given).some(mayTakeLong);
  return backend === undefined || mayBlock
    ? undefined
    : loadBackend(backendOptionsOf({ ...given, backend, quiet: true }));
}

/** The files that a bus is read from. */
function filesOf({ scenario, capture, deviceFile }: GivenOptions): string[] {
  const scenarioFile = scenario?.startsWith('@') ? scenario.slice(1) : undefined;
  return [scenarioFile, capture, deviceFile].filter((name) => name !== undefined);
}

/** The largest file that is read through to complete a word, in bytes. */
const MAX_FILE = 64 * 1024 * 1024;

/** Whether reading a file could block the shell: a FIFO or a terminal, or a large file. */
function mayTakeLong(name: string): boolean {
  const file = statSync(name);
  return !file.isFile() || file.size > MAX_FILE;
}

/**
 * Completes the next word of a control request. There are no completions for numbers.
 *
 * @param words the words before it
 * @param options the options on the line; `--in` and `--out` replace the first word
 */
export function requestWords(
  words: readonly string[],
  options: readonly Option[],
): readonly string[] {
  const hasDirection = options.some(({ long }) => long === '--in' || long === '--out');
  if (/^\d/.test(words[0] ?? '')) {
    return [];
  }
  return [['in', 'out'], REQUEST_TYPES, RECIPIENTS][words.length + (hasDirection ? 1 : 0)] ?? [];
}

/** Completes the last of several columns with one that is not in the list yet. */
function columnNames(value: string): Completions {
  const start = Math.max(value.lastIndexOf(',') + 1, value.startsWith('+') ? 1 : 0);
  const given = new Set(value.slice(0, start).toUpperCase().split(/[,+]/));
  const columns = columnCandidates(value.slice(start)).filter(
    ({ text }) => !given.has(text.toUpperCase()),
  );
  const plus = { text: '+', description: 'add to the default columns' };
  return addPrefix(value.slice(0, start), value === '' ? [...columns, plus] : columns);
}

function sortColumns(value: string): Completions {
  const start = value.startsWith('-') ? 1 : 0;
  return addPrefix(value.slice(0, start), columnCandidates(value.slice(start)));
}

/** All columns, in lower case if the word contains lower case letters. */
function columnCandidates(word: string): Candidate[] {
  const lower = word !== word.toUpperCase();
  return COLUMNS.map(({ name, meaning }) => ({
    text: lower ? name.toLowerCase() : name,
    description: meaning,
  }));
}

/** Completes the last clause of a scenario, or the name of a file after `@`. */
function scenarioClauses(value: string): Completions {
  if (value.startsWith('@')) {
    return { prefix: '@' };
  }
  const start = value.lastIndexOf(',') + 1;
  const given = new Set(value.slice(0, start).match(/[a-z-]+(?=[=,])/g));
  const clauses = SCENARIO_CLAUSES.flatMap(([form, meaning]) => clauseStarts(form, meaning)).filter(
    ({ text }) => !given.has(text.replace(/=.*/, '')),
  );
  const file = { text: '@', description: 'read the scenario from a file' };
  return addPrefix(value.slice(0, start), start === 0 ? [...clauses, file] : clauses);
}

/** The possible starts of a clause: `rate=` and `rate=bus` for `rate=SIZE[/s]|bus`, a flag as it is. */
function clauseStarts(form: string, description: string): Candidate[] {
  const [, name = '', values = ''] = /^([a-z-]+[=@]?)(.*)$/.exec(form) ?? [];
  const texts = values.split('|').map((value) => name + (/^[a-z]+$/.test(value) ? value : ''));
  return texts.map((text) => ({ text, description }));
}
