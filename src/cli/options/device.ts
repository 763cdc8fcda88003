import type { Command } from 'commander';
import type { DeviceInfo } from '../../usb/backend.js';
import { type DeviceFilter, matches } from '../../usb/model.js';
import { Option } from '../commander.js';
import { CliError } from '../errors/cli-error.js';
import { busAddress, ids } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import * as values from './parsers.js';

/** Candidates that an ambiguity names; more would bury the advice. */
const MOST_CANDIDATES = 8;

/** The options that filter. */
const FILTERS = [
  'device',
  'vid',
  'pid',
  'serial',
  'class',
  'path',
  'bus',
  'address',
  'operand',
] as const;

/**
 * The options that say which devices are meant: one filter for each time that an option was given. A
 * device has to fit one of each option's.
 */
export type FilterOptions = {
  readonly [Name in (typeof FILTERS)[number]]?: readonly DeviceFilter[];
};

/**
 * The parser of an option that filters.
 *
 * @param filter makes a filter of the option's value
 */
export type FilterParser = (
  filter: (text: string) => DeviceFilter,
) => (text: string, before?: readonly DeviceFilter[]) => readonly DeviceFilter[];

/** An option that is given twice means what it says last. */
export const last: FilterParser = (filter) => (text) => [filter(text)];

/** An option that is given twice means both. */
export const each: FilterParser =
  (filter) =>
  (text, before = []) => [...before, filter(text)];

/** Adds the options that filter devices by what they are. */
export function addFilterOptions(command: Command, parser: FilterParser = last): Command {
  return command
    .optionsGroup('Device:')
    .addOption(
      new Option('-d, --device <vid[:pid]>', 'vendor and product id, hexadecimal as in lsusb')
        .argParser(parser(values.idPair))
        .conflicts(['vid', 'pid']),
    )
    .option(
      '--vid <id>',
      'vendor id, hexadecimal',
      parser((text) => ({ vid: values.id(text) })),
    )
    .option(
      '--pid <id>',
      'product id, hexadecimal',
      parser((text) => ({ pid: values.id(text) })),
    )
    .option(
      '--serial <text>',
      'serial number, to the letter',
      parser((serial) => ({ serial })),
    );
}

/** Adds the options that say where a device is. */
export function addPlaceOptions(command: Command, parser: FilterParser = last): Command {
  command.option(
    '--path <path>',
    'port path, such as 3-1.2',
    parser((text) => ({ path: values.path(text) })),
  );
  return addBusOption(command, parser).option(
    '--address <n>',
    'address on the bus',
    parser((text) => ({ address: values.uint8(text) })),
  );
}

/** Adds the option that says on which bus a device is. */
export function addBusOption(command: Command, parser: FilterParser = last): Command {
  return command.option(
    '--bus <n>',
    'bus number',
    parser((text) => ({ bus: values.uint8(text) })),
  );
}

/** What all of the options say together, where each was given once. */
export function filterOf(options: FilterOptions): DeviceFilter {
  return Object.assign({}, ...FILTERS.flatMap((name) => options[name] ?? []));
}

/** The devices that are meant. */
export function filterDevices(
  devices: readonly DeviceInfo[],
  options: FilterOptions,
): DeviceInfo[] {
  const given = FILTERS.map((name) => options[name]).filter((filters) => filters !== undefined);
  return devices.filter((device) =>
    given.every((filters) => filters.some((filter) => matches(device, filter))),
  );
}

/**
 * The one device that is meant.
 *
 * @throws CliError when there is none, or more than one: naming the candidates
 */
export function selectDevice(devices: readonly DeviceInfo[], options: FilterOptions): DeviceInfo {
  const candidates = filterDevices(devices, options);
  const [only] = candidates;
  if (only === undefined) {
    throw new CliError('no-such-device', 'no such device', {
      advice: 'usbxfer list shows what is there',
    });
  }
  if (candidates.length > 1) {
    const shown = candidates.slice(0, MOST_CANDIDATES).map(describe).join(', ');
    const more = candidates.length > MOST_CANDIDATES ? ', …' : '';
    throw new CliError('ambiguous-device', `${candidates.length} devices fit: ${shown}${more}`, {
      advice: 'choose with --path, --serial or --bus and --address',
    });
  }
  return only;
}

function describe(device: DeviceInfo): string {
  const serial = device.serial === undefined ? '' : ` serial ${sanitize(device.serial)}`;
  return `${device.path} (${ids(device)} at ${busAddress(device)}${serial})`;
}

/** What a device is to be called, in part: one of these. */
export interface KindOptions {
  readonly name?: readonly string[];
}

/** Adds the options that filter devices by name and by class. Given twice, either will do. */
export function addKindOptions(command: Command): Command {
  return command.option('--name <text>', 'text in its name, in any case', eachText).option(
    '--class <class>',
    'class, by name or in hexadecimal, of the device or an interface',
    each((text) => ({ classCode: values.deviceClass(text) })),
  );
}

/** All values of an option that is given more than once. */
export function eachText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Whether a device of that name is meant. */
export function matchesName(name: string, { name: parts }: KindOptions): boolean {
  return parts?.some((part) => name.toLowerCase().includes(part.toLowerCase())) ?? true;
}
