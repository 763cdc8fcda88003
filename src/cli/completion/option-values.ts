import { statSync } from 'node:fs';
import type { Command, Option } from 'commander';
import type { DeviceInfo } from '../../usb/backend.js';
import { loadBackend } from '../backends.js';
import { filterDevices } from '../selection.js';
import {
  addresses,
  alternateSettings,
  buses,
  endpoints,
  idPairs,
  interfaces,
  paths,
  productIds,
  serials,
  vendorIds,
} from './bus-values.js';
import type { Candidate, Completions } from './candidate.js';
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
  '--ep': onBus(endpoints),
  '--interface': onBus(interfaces),
  '--alt': onBus(alternateSettings),
  '--scenario': scenarioClauses,
  '--stats': () => ({ prefix: '' }),
  'read --output': () => ({ prefix: '' }),
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
    const { backend, scenario } = given;
    if (backend === undefined || mayBlock(scenario)) {
      return [];
    }
    const bus = await loadBackend(scenario === undefined ? { backend } : { backend, scenario });
    return candidates(filterDevices(await bus.list(), given), given);
  };
}

/** Whether reading a scenario could keep the shell waiting: it is to come from a FIFO or a terminal. */
function mayBlock(scenario: string | undefined): boolean {
  return scenario?.startsWith('@') === true && !statSync(scenario.slice(1)).isFile();
}
