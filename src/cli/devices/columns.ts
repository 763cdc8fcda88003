import { InvalidArgumentError } from 'commander';
import { className } from '../../usb/device-class.js';
import { comparePaths, hex2, hex4, ids } from '../../usb/format.js';
import { activeConfiguration, classesOf, interfaceNumbers } from '../../usb/model.js';
import { didYouMean } from '../errors/suggest.js';
import { busAddress, signallingRate, usbVersion } from '../terminal/format.js';
import { escapeUnsafe } from '../terminal/sanitize.js';
import { type DeviceDetails, driversOf } from './details.js';

/** One column of `usbxfer list`. */
export interface Column {
  readonly name: string;
  /** A short description for the manual. */
  readonly meaning: string;
  /** The text of a cell: escaped, empty if unknown. */
  cell(device: DeviceDetails): string;
  /** The number to sort by instead of the text. */
  readonly number?: (device: DeviceDetails) => number;
  /** Whether a narrow terminal may cut the text. */
  readonly elastic?: true;
}

/** All columns, in the order of `--list-columns`. */
export const COLUMNS: readonly Column[] = [
  {
    name: 'PATH',
    meaning: 'port path: bus, then ports',
    cell: ({ info }) => info.path,
  },
  {
    name: 'BUS:ADDR',
    meaning: 'bus and address, as in the path of the device node',
    cell: ({ info }) => busAddress(info),
  },
  numeric('BUS', 'bus number', ({ info }) => info.bus),
  numeric('ADDRESS', 'address on the bus', ({ info }) => info.address),
  { name: 'ID', meaning: 'vendor and product ID', cell: ({ info }) => ids(info) },
  { name: 'VID', meaning: 'vendor ID', cell: ({ info }) => hex4(info.vid) },
  { name: 'PID', meaning: 'product ID', cell: ({ info }) => hex4(info.pid) },
  text(
    'NAME',
    'manufacturer and product, from the device or else from usb.ids',
    ({ name }) => name,
  ),
  text('MANUFACTURER', 'manufacturer, as reported by the device', ({ info }) => info.manufacturer),
  text('PRODUCT', 'product, as reported by the device', ({ info }) => info.product),
  text('VENDOR', 'manufacturer, from usb.ids', ({ known }) => known.vendor),
  text('MODEL', 'product, from usb.ids', ({ known }) => known.product),
  text('SERIAL', 'serial number', ({ info }) => info.serial),
  speed('SPEED', 'negotiated speed, in bits per second', ({ info }) => info.speed),
  speed('MAXSPEED', 'highest speed that the device reports', ({ maxSpeed }) => maxSpeed),
  {
    name: 'USB',
    meaning: 'version of the USB specification',
    cell: ({ info }) => (info.isPartial ? '' : usbVersion(info.usbVersion)),
  },
  text('CLASS', 'classes of the device and its interfaces', ({ info }) =>
    classesOf(info)
      .map((code) => className(code) ?? `0x${hex2(code)}`)
      .join(','),
  ),
  text('DRIVER', 'kernel drivers of the interfaces', ({ state }) => driversOf(state).join(',')),
  text('NODE', 'device node through which it is opened', ({ state }) => state.node),
  text('FILES', 'files and network interfaces that its drivers created', ({ state }) =>
    state.interfaces.flatMap(({ nodes }) => nodes).join(','),
  ),
  numeric('CONFIG', 'active configuration', ({ info }) => info.configurationValue),
  numeric('INTERFACES', 'interfaces of the active configuration', interfaceCount),
  {
    name: 'ACCESS',
    meaning: 'whether this user can open it: yes or no',
    cell: ({ state: { accessible } }) =>
      accessible === undefined ? '' : accessible ? 'yes' : 'no',
  },
];

const DEFAULT_NAMES = ['PATH', 'BUS:ADDR', 'ID', 'NAME', 'SERIAL', 'SPEED', 'DRIVER', 'ACCESS'];

/** The columns that are shown by default. */
export const DEFAULT_COLUMNS: readonly Column[] = DEFAULT_NAMES.map(columnOf);

/** The order of devices. */
export interface Order {
  readonly column: Column;
  readonly reverse: boolean;
}

/**
 * Parses names of columns, in any case, separated by commas. A `+` in front adds them to the default
 * columns.
 *
 * @throws InvalidArgumentError for an unknown name
 */
export function parseColumns(text: string): readonly Column[] {
  const more = text.startsWith('+');
  const columns = (more ? text.slice(1) : text).split(',').map(columnOf);
  return more ? [...DEFAULT_COLUMNS, ...columns] : columns;
}

/**
 * Parses the name of a column to sort by. A `-` in front reverses the order.
 *
 * @throws InvalidArgumentError for an unknown name
 */
export function parseOrder(text: string): Order {
  const reverse = text.startsWith('-');
  return { column: columnOf(reverse ? text.slice(1) : text), reverse };
}

/** Returns a function for `Array.sort`. Unknown values come last. */
export function comparison({ column, reverse }: Order) {
  const collator = new Intl.Collator('en', { numeric: true });
  return (a: DeviceDetails, b: DeviceDetails): number => {
    const [left, right] = [column.cell(a), column.cell(b)];
    if (left === '' || right === '') {
      return left === right ? comparePaths(a.info.path, b.info.path) : left === '' ? 1 : -1;
    }
    const order =
      column.name === 'PATH'
        ? 0
        : column.number === undefined
          ? collator.compare(left, right)
          : column.number(a) - column.number(b);
    return (order || comparePaths(a.info.path, b.info.path)) * (reverse ? -1 : 1);
  };
}

function columnOf(name: string): Column {
  const column = COLUMNS.find((known) => known.name === name.trim().toUpperCase());
  if (column === undefined) {
    const names = COLUMNS.map((known) => known.name);
    throw new InvalidArgumentError(
      `unknown column '${name}'${didYouMean(name.toUpperCase(), names)}; ` +
        'see usbxfer list --list-columns',
    );
  }
  return column;
}

function interfaceCount({ info }: DeviceDetails): number | undefined {
  return activeConfiguration(info) && interfaceNumbers(info).length;
}

function text(
  name: string,
  meaning: string,
  value: (device: DeviceDetails) => string | undefined,
): Column {
  return { name, meaning, cell: (device) => escapeUnsafe(value(device) ?? ''), elastic: true };
}

function numeric(
  name: string,
  meaning: string,
  value: (device: DeviceDetails) => number | undefined,
  format: (number: number) => string = String,
): Column {
  const cell = (device: DeviceDetails): string => {
    const number = value(device);
    return number === undefined ? '' : format(number);
  };
  return { name, meaning, cell, number: (device) => value(device) ?? 0 };
}

function speed(
  name: string,
  meaning: string,
  value: (device: DeviceDetails) => number | undefined,
): Column {
  return numeric(name, meaning, value, signallingRate);
}
