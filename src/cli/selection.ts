import type { Command } from 'commander';
import type { DeviceInfo } from '../usb/backend.js';
import { type DeviceFilter, matches } from '../usb/select-device.js';
import { CliError } from './cli-error.js';
import { Option } from './commander.js';
import { busAddress, ids } from './format.js';
import { sanitize } from './sanitize.js';
import * as values from './values.js';

/** Candidates that an ambiguity names; more would bury the advice. */
const MOST_CANDIDATES = 8;

/** The options that say which devices are meant. */
export interface FilterOptions {
  readonly device?: DeviceFilter;
  readonly vid?: number;
  readonly pid?: number;
  readonly serial?: string;
  readonly path?: string;
  readonly bus?: number;
  readonly address?: number;
}

/** Adds the options that filter devices by what they are. */
export function addFilterOptions(command: Command): Command {
  return command
    .optionsGroup('Device:')
    .addOption(
      new Option('-d, --device <vid[:pid]>', 'vendor and product id, hexadecimal as in lsusb')
        .argParser(values.idPair)
        .conflicts(['vid', 'pid']),
    )
    .option('--vid <id>', 'vendor id, hexadecimal', values.id)
    .option('--pid <id>', 'product id, hexadecimal', values.id)
    .option('--serial <text>', 'serial number, to the letter');
}

/** Adds the options that say where a device is. */
export function addPlaceOptions(command: Command): Command {
  return command
    .option('--path <path>', 'port path, such as 3-1.2', values.path)
    .option('--bus <n>', 'bus number', values.byte)
    .option('--address <n>', 'address on the bus', values.byte);
}

/** The devices that are meant. */
export function filterDevices(devices: DeviceInfo[], options: FilterOptions): DeviceInfo[] {
  const { device, vid, pid, serial, path, bus, address } = options;
  const filter: DeviceFilter = { vid, pid, serial, path, bus, address, ...device };
  return devices.filter((candidate) => matches(candidate, filter));
}

/**
 * The one device that is meant.
 *
 * @throws CliError when there is none, or more than one: naming the candidates
 */
export function selectDevice(devices: DeviceInfo[], options: FilterOptions): DeviceInfo {
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
