import type { Command } from 'commander';
import { Option } from 'commander';
import type { Backend } from '../../usb/backend.js';
import { className } from '../../usb/device-class.js';
import { hex2, hex4, ids } from '../../usb/format.js';
import { type DeviceFilter, type DeviceInfo, matches } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import { busAddress } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import * as values from './parsers.js';

/** The number of candidates that an error about an ambiguous device lists. */
const MAX_CANDIDATES = 8;

/** The flags and description of an option that selects devices, and the filter for its value. */
type FilterOption = readonly [flags: string, text: string, parse: (text: string) => DeviceFilter];

const FILTER_OPTIONS = {
  device: [
    '-d, --device <vid[:pid]>',
    'vendor and product ID, hexadecimal as in lsusb',
    values.idPair,
  ],
  vid: ['--vid <id>', 'vendor ID, hexadecimal', (text) => ({ vid: values.id(text) })],
  pid: ['--pid <id>', 'product ID, hexadecimal', (text) => ({ pid: values.id(text) })],
  serial: ['--serial <text>', 'exact serial number', (serial) => ({ serial })],
  path: ['--path <path>', 'port path, such as 3-1.2', (text) => ({ path: values.path(text) })],
  bus: ['--bus <n>', 'bus number', (text) => ({ bus: values.uint8(text) })],
  address: ['--address <n>', 'address on the bus', (text) => ({ address: values.uint8(text) })],
  class: [
    '--class <class>',
    'class of the device or an interface: name or code',
    (text) => ({ classCode: values.deviceClass(text) }),
  ],
} as const satisfies Readonly<Record<string, FilterOption>>;

type FilterName = keyof typeof FILTER_OPTIONS;

/**
 * The filters of each option that selects devices, one for each time it was given, and of the operand.
 * A device must match one filter of every option that was given.
 */
export type FilterOptions = {
  readonly [Name in FilterName | 'operand']?: readonly DeviceFilter[] | undefined;
};

/** The text of the operand in the help. */
export const DEVICE_OPERAND = 'vid[:pid], hexadecimal as in lsusb, or port path';

/** Whether every value of a repeated option counts, and not only the last one. */
interface FilterOptionsFormat {
  readonly repeatable?: boolean;
}

function addFilters(
  command: Command,
  names: readonly FilterName[],
  { repeatable = false }: FilterOptionsFormat = {},
): Command {
  for (const name of names) {
    const [flags, text, parse]: FilterOption = FILTER_OPTIONS[name];
    const option = new Option(flags, text)
      .argParser(repeatable ? values.repeatable(parse) : (value: string) => [parse(value)])
      .conflicts(name === 'device' ? ['vid', 'pid'] : []);
    command.addOption(option);
  }
  return command;
}

/** Adds the options that select devices by their properties. */
export function addFilterOptions(command: Command, format?: FilterOptionsFormat): Command {
  return addFilters(command.optionsGroup('Device:'), ['device', 'vid', 'pid', 'serial'], format);
}

/** Adds the options that select devices by their place on the bus. */
export function addPlaceOptions(command: Command, format?: FilterOptionsFormat): Command {
  return addFilters(command, ['path', 'bus', 'address'], format);
}

/** Adds the option that selects devices by the bus. */
export function addBusOption(command: Command, format?: FilterOptionsFormat): Command {
  return addFilters(command, ['bus'], format);
}

/** Adds the operand that selects one device. */
export function addDeviceOperand(command: Command): Command {
  return command.argument('[device]', DEVICE_OPERAND, (text) => [values.deviceSelector(text)]);
}

/** Adds operands that select devices: each of them, those that match it. */
export function addDeviceOperands(command: Command): Command {
  return command.argument('[device...]', DEVICE_OPERAND, values.repeatable(values.deviceSelector));
}

/**
 * Adds the operand to the options.
 *
 * @throws CliError if an option gives the same property of the device
 */
export function withOperand<Options extends FilterOptions>(
  options: Options,
  operand: readonly DeviceFilter[] = [],
): Options {
  if (operand.length === 0) {
    return options;
  }
  const given = new Set(filtersIn(options).flat().flatMap(Object.keys));
  const twice = operand.flatMap(Object.keys).find((property) => given.has(property));
  if (twice !== undefined) {
    const property = twice === 'path' ? 'port path' : 'IDs';
    throw new CliError(
      'conflicting-options',
      `an argument and an option both give the ${property} of the device`,
      { advice: 'give one of them' },
    );
  }
  return { ...options, operand };
}

/** The option that waits for the selected device. */
export function waitOption(): InstanceType<typeof Option> {
  return new Option('--wait [time]', 'wait until the device is connected')
    .argParser(values.timeoutOrForever)
    .preset('forever');
}

/** The option that selects a configuration. */
export function configurationOption(): InstanceType<typeof Option> {
  return new Option('--configuration <n>', 'configuration to select until the end').argParser(
    values.uint8,
  );
}

/** The option that waits for a device that is connected after the start. */
export function waitNewOption(): InstanceType<typeof Option> {
  return new Option('--wait-new [time]', 'wait for a device that is connected from now on')
    .argParser(values.timeoutOrForever)
    .preset('forever')
    .conflicts('wait');
}

/** The filters of each option that was given. */
function filtersIn(options: FilterOptions): (readonly DeviceFilter[])[] {
  const names = [...Object.keys(FILTER_OPTIONS), 'operand'] as (keyof FilterOptions)[];
  return names.map((name) => options[name]).filter((filters) => filters !== undefined);
}

/** Merges the filters of all options. Each option must have been given at most once. */
export function filterOf(options: FilterOptions): DeviceFilter {
  return Object.assign({}, ...filtersIn(options).flat());
}

/** The devices that the options select. */
export function filterDevices(
  devices: readonly DeviceInfo[],
  options: FilterOptions,
): DeviceInfo[] {
  const given = filtersIn(options);
  return devices.filter((device) =>
    given.every((filters) => filters.some((filter) => matches(device, filter))),
  );
}

/** What each option that was given selects, in words: `ID 1234:5678 or 1234:5679`. Safe to print. */
export function describeFilters(options: FilterOptions): string[] {
  return filtersIn(options).map((filters) => {
    const described = filters.map(describeFilter);
    const [noun] = described[0] ?? [''];
    return `${noun} ${described.map(([, value]) => value).join(' or ')}`;
  });
}

/** What a filter compares, and with which value. */
function describeFilter(filter: DeviceFilter): [noun: string, value: string] {
  const { vid, pid, serial, path, bus, address, classCode } = filter;
  if (vid !== undefined && pid !== undefined) {
    return ['ID', ids({ vid, pid })];
  }
  const described = [
    word('vendor ID', vid, hex4),
    word('product ID', pid, hex4),
    word('serial number', serial, sanitize),
    word('port path', path, sanitize),
    word('bus', bus, String),
    word('address', address, String),
    word('class', classCode, (code) => className(code) ?? hex2(code)),
  ];
  return described.find((one) => one !== undefined) ?? ['', ''];
}

function word<T>(
  noun: string,
  value: T | undefined,
  format: (value: T) => string,
): [noun: string, value: string] | undefined {
  return value === undefined ? undefined : [noun, format(value)];
}

/**
 * The only device that the options select.
 *
 * @param backend the bus that has them
 * @throws CliError if no device matches, or more than one: then it lists the candidates
 */
export function selectDevice(
  devices: readonly DeviceInfo[],
  options: FilterOptions,
  backend?: Pick<Backend, 'examine'>,
): DeviceInfo {
  const candidates = filterDevices(devices, options);
  const [only] = candidates;
  if (only === undefined) {
    throw new CliError('no-such-device', 'no such device', {
      advice: adviceIfNone(options, backend),
    });
  }
  if (candidates.length > 1) {
    const shown = candidates.slice(0, MAX_CANDIDATES).map(describe).join(', ');
    const more = candidates.length > MAX_CANDIDATES ? ', …' : '';
    throw new CliError('ambiguous-device', `${candidates.length} devices match: ${shown}${more}`, {
      advice: areSameModel(candidates)
        ? 'select one with --path, --serial, or --bus and --address'
        : 'select one with -d VID:PID, --path or --serial',
    });
  }
  return only;
}

/** What to do if no device matches. The list of a server lacks serial numbers, and maybe devices in use. */
function adviceIfNone({ serial }: FilterOptions, backend?: Pick<Backend, 'examine'>): string {
  if (backend?.examine === undefined) {
    return 'usbxfer list shows the connected devices';
  }
  return serial === undefined
    ? 'usbxfer list --host HOST shows what is exported; a device that another client uses may be missing'
    : 'the list of a USB/IP server has no serial numbers: select it with -d VID:PID or --path';
}

/** Whether all devices have the same IDs. */
function areSameModel(devices: readonly DeviceInfo[]): boolean {
  return new Set(devices.map(ids)).size === 1;
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
  const name = values.repeatable((text) => text);
  command.option('--name <text>', 'part of the device name; case is ignored', name);
  return addFilters(command, ['class'], { repeatable: true });
}

/** Whether the options select a device with this name. */
export function matchesName(name: string, { name: parts }: KindOptions): boolean {
  return parts?.some((part) => name.toLowerCase().includes(part.toLowerCase())) ?? true;
}
