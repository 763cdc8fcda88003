import type { Command } from 'commander';
import { Option } from 'commander';
import { ids } from '../../usb/format.js';
import { type DeviceFilter, type DeviceInfo, matches } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import { busAddress } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import * as values from './parsers.js';

/** The number of candidates that an error about an ambiguous device lists. */
const MAX_CANDIDATES = 8;

/** The options that select devices. */
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
 * The options that select devices, each with one filter for each time it was given. A device must
 * match one filter of every option that was given.
 */
export type FilterOptions = {
  readonly [Name in (typeof FILTERS)[number]]?: readonly DeviceFilter[];
};

/** How often an option that selects devices counts: only the last time, or every time. */
export interface FilterOptionsFormat {
  readonly repeatable?: boolean;
}

/** The parser of an option that selects devices by one filter. */
function filterParser(parse: (text: string) => DeviceFilter, { repeatable }: FilterOptionsFormat) {
  return repeatable ? values.repeatable(parse) : (text: string) => [parse(text)];
}

/** Adds the options that select devices by their properties. */
export function addFilterOptions(command: Command, format: FilterOptionsFormat = {}): Command {
  return command
    .optionsGroup('Device:')
    .addOption(
      new Option('-d, --device <vid[:pid]>', 'vendor and product ID, hexadecimal as in lsusb')
        .argParser(filterParser(values.idPair, format))
        .conflicts(['vid', 'pid']),
    )
    .option(
      '--vid <id>',
      'vendor ID, hexadecimal',
      filterParser((text) => ({ vid: values.id(text) }), format),
    )
    .option(
      '--pid <id>',
      'product ID, hexadecimal',
      filterParser((text) => ({ pid: values.id(text) }), format),
    )
    .option(
      '--serial <text>',
      'exact serial number',
      filterParser((serial) => ({ serial }), format),
    );
}

/** Adds the options that select devices by their place on the bus. */
export function addPlaceOptions(command: Command, format: FilterOptionsFormat = {}): Command {
  command.option(
    '--path <path>',
    'port path, such as 3-1.2',
    filterParser((text) => ({ path: values.path(text) }), format),
  );
  return addBusOption(command, format).option(
    '--address <n>',
    'address on the bus',
    filterParser((text) => ({ address: values.uint8(text) }), format),
  );
}

/** Adds the option that selects devices by the bus. */
export function addBusOption(command: Command, format: FilterOptionsFormat = {}): Command {
  return command.option(
    '--bus <n>',
    'bus number',
    filterParser((text) => ({ bus: values.uint8(text) }), format),
  );
}

/** The option that waits for the selected device. */
export function waitOption(): InstanceType<typeof Option> {
  return new Option('--wait [time]', 'wait until the device is connected')
    .argParser(values.timeoutOrForever)
    .preset('forever');
}

/** Merges the filters of all options. Each option must have been given at most once. */
export function filterOf(options: FilterOptions): DeviceFilter {
  return Object.assign({}, ...FILTERS.flatMap((name) => options[name] ?? []));
}

/** The devices that the options select. */
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
 * The only device that the options select.
 *
 * @throws CliError if no device matches, or more than one: then it lists the candidates
 */
export function selectDevice(devices: readonly DeviceInfo[], options: FilterOptions): DeviceInfo {
  const candidates = filterDevices(devices, options);
  const [only] = candidates;
  if (only === undefined) {
    throw new CliError('no-such-device', 'no such device', {
      advice: 'usbxfer list shows the connected devices',
    });
  }
  if (candidates.length > 1) {
    const shown = candidates.slice(0, MAX_CANDIDATES).map(describe).join(', ');
    const more = candidates.length > MAX_CANDIDATES ? ', …' : '';
    throw new CliError('ambiguous-device', `${candidates.length} devices match: ${shown}${more}`, {
      advice: 'select one with --path, --serial, or --bus and --address',
    });
  }
  return only;
}

function describe(device: DeviceInfo): string {
  const serial = device.serial === undefined ? '' : ` serial ${sanitize(device.serial)}`;
  return `${device.path} (${ids(device)} at ${busAddress(device)}${serial})`;
}

/** The option that selects devices by name. */
export interface KindOptions {
  /** Text in the name of the device; one of these must match. */
  readonly name?: readonly string[];
}

/** Adds the options that select devices by name and by class. Both may be repeated. */
export function addKindOptions(command: Command): Command {
  return command
    .option(
      '--name <text>',
      'part of the device name, in any case',
      values.repeatable((text) => text),
    )
    .option(
      '--class <class>',
      'class of the device or an interface: name or code',
      values.repeatable((text) => ({ classCode: values.deviceClass(text) })),
    );
}

/** Whether the options select a device with this name. */
export function matchesName(name: string, { name: parts }: KindOptions): boolean {
  return parts?.some((part) => name.toLowerCase().includes(part.toLowerCase())) ?? true;
}
