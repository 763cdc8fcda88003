import { statSync } from 'node:fs';
import type { Command, Option } from 'commander';
import type { Backend, DeviceInfo } from '../../usb/backend.js';
import { bulkInEndpoints, outEndpoints } from '../../usb/locate-endpoint.js';
import { loadBackend } from '../backends.js';
import { driversOf } from '../listed-device.js';
import { filterDevices } from '../selection.js';
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
import type { Candidate, Completions } from './candidate.js';
import { columnNames, columnToSortBy } from './column-names.js';
import { scenarioClauses } from './scenario-clauses.js';
import type { GivenOptions } from './typed-options.js';

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
