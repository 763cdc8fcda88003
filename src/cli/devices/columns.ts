import { classesOf, className } from '../../usb/device-class.js';
import { comparePaths } from '../../usb/format.js';
import { InvalidArgumentError } from '../commander.js';
import { didYouMean } from '../errors/suggest.js';
import { busAddress, hex2, hex4, ids, signallingRate, usbVersion } from '../terminal/format.js';
import { escapeUnsafe } from '../terminal/sanitize.js';
import { type DeviceDetails, driversOf } from './details.js';

/** One column of `usbxfer list`. */
export interface Column {
  readonly name: string;
  /** A few words, for the manual. */
  readonly meaning: string;
  /** What the table shows; safe for a terminal, empty where nothing is known. */
  cell(device: DeviceDetails): string;
  /** What is compared in place of the text. */
  readonly number?: (device: DeviceDetails) => number;
  /** Whether it may be cut short where a terminal is too narrow. */
  readonly elastic?: true;
}

/** All columns, in the order in which `--list-columns` shows them. */
export const COLUMNS: readonly Column[] = [
  {
    name: 'PATH',
    meaning: 'port path: bus, then ports',
    cell: ({ info }) => info.path,
  },
  {
    name: 'BUS:ADDR',
    meaning: 'bus and address, as in the name of the device file',
    cell: ({ info }) => busAddress(info),
  },
  numeric('BUS', 'bus number', ({ info }) => info.bus),
  numeric('ADDRESS', 'address on the bus', ({ info }) => info.address),
  { name: 'ID', meaning: 'vendor and product id', cell: ({ info }) => ids(info) },
  { name: 'VID', meaning: 'vendor id', cell: ({ info }) => hex4(info.vid) },
  { name: 'PID', meaning: 'product id', cell: ({ info }) => hex4(info.pid) },
  text('NAME', 'maker and product, from the device or else from usb.ids', ({ name }) => name),
  text('MANUFACTURER', 'maker, as the device says', ({ info }) => info.manufacturer),
  text('PRODUCT', 'product, as the device says', ({ info }) => info.product),
  text('VENDOR', 'maker, from usb.ids', ({ known }) => known.vendor),
  text('MODEL', 'product, from usb.ids', ({ known }) => known.product),
  text('SERIAL', 'serial number', ({ info }) => info.serial),
  speed('SPEED', 'negotiated speed, in bits per second', ({ info }) => info.speed),
  speed('MAXSPEED', 'speed that the device says it can do', ({ maxSpeed }) => maxSpeed),
  {
    name: 'USB',
    meaning: 'version of USB that it follows',
    cell: ({ info }) => usbVersion(info.usbVersion),
  },
  text('CLASS', 'classes of the device and its interfaces', ({ info }) =>
    classesOf(info)
      .map((code) => className(code) ?? `0x${hex2(code)}`)
      .join(','),
  ),
  text('DRIVER', 'kernel drivers of its interfaces', ({ state }) => driversOf(state).join(',')),
  text('NODE', 'file by which it is opened', ({ state }) => state.node),
  text('FILES', 'what its drivers made of it, such as /dev/ttyACM0', ({ state }) =>
    state.interfaces.flatMap(({ nodes }) => nodes).join(','),
  ),
  numeric('CONFIG', 'active configuration', ({ info }) => info.activeConfiguration),
  numeric('INTERFACES', 'interfaces of the active configuration', interfaceCount),
  {
    name: 'ACCESS',
    meaning: 'whether this user may open it: yes or no',
    cell: ({ state: { accessible } }) =>
      accessible === undefined ? '' : accessible ? 'yes' : 'no',
  },
];

/** Those that are shown unless others are asked for. */
const DEFAULTS = ['PATH', 'BUS:ADDR', 'ID', 'NAME', 'SERIAL', 'SPEED', 'DRIVER', 'ACCESS'];

/** Those that are shown unless others are asked for. */
export const DEFAULT_COLUMNS: readonly Column[] = DEFAULTS.map(columnOf);

/** How to order devices. */
export interface Order {
  readonly column: Column;
  readonly reverse: boolean;
}

/**
 * Columns by their names, in any case, with commas; a `+` before the first adds them to those that
 * are shown otherwise.
 *
 * @throws InvalidArgumentError
 */
export function parseColumns(text: string): readonly Column[] {
  const more = text.startsWith('+');
  const columns = (more ? text.slice(1) : text).split(',').map(columnOf);
  return more ? [...DEFAULT_COLUMNS, ...columns] : columns;
}

/**
 * A column to sort by; a `-` before it turns the order round.
 *
 * @throws InvalidArgumentError
 */
export function parseOrder(text: string): Order {
  const reverse = text.startsWith('-');
  return { column: columnOf(reverse ? text.slice(1) : text), reverse };
}

/** Compares devices for `Array.sort`: what is not known comes last. */
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
      `there is no column '${name}'${didYouMean(name.toUpperCase(), names)}; ` +
        'usbxfer list --list-columns shows all',
    );
  }
  return column;
}

function interfaceCount({ info }: DeviceDetails): number | undefined {
  const active = info.configurations.find(({ value }) => value === info.activeConfiguration);
  return active && new Set(active.settings.map(({ interfaceNumber }) => interfaceNumber)).size;
}

/** Whole: only a terminal cuts it. */
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
