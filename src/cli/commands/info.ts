import type { Command } from 'commander';
import { Option } from 'commander';
import { lookInto } from '../../engine/device/presence.js';
import type { DescriptorBytes } from '../../usb/backend.js';
import type { DeviceFilter } from '../../usb/model.js';
import { infoText } from '../devices/describe.js';
import { inspectDevices } from '../devices/details.js';
import { infoRecord } from '../devices/record.js';
import { commandSuggester } from '../devices/suggested-command.js';
import { hexDumpLines } from '../dump/hex-dump.js';
import { CliError } from '../errors/cli-error.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../options/backend.js';
import {
  addDeviceOperand,
  addFilterOptions,
  addPlaceOptions,
  type FilterOptions,
  selectDevice,
  withOperand,
} from '../options/device.js';
import { toJson } from '../terminal/sanitize.js';
import { print } from '../terminal/stdio.js';
import { addColorOption, painter } from '../terminal/style.js';

interface InfoOptions extends BackendOptions, FilterOptions {
  readonly json?: true;
  readonly raw?: true;
}

/** `usbxfer info` */
export function define(command: Command): void {
  addDeviceOperand(command)
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object')
    .addOption(new Option('--raw', 'print the descriptors as a hex dump').conflicts('json'));
  addColorOption(command);
  addPlaceOptions(addFilterOptions(command));
  addBackendOptions(command);
  command.action(info);
}

/** @throws CliError unless exactly one device matches */
async function info(
  operand: readonly DeviceFilter[] | undefined,
  given: InfoOptions,
): Promise<void> {
  const options = withOperand(given, operand);
  const backend = await loadBackend(options);
  const devices = await backend.list();
  const selected = await lookInto(backend, selectDevice(devices, options, backend));
  const bytes = await backend.descriptors(selected);
  if (options.raw) {
    print(rawLines(bytes).join('\n'));
    return;
  }
  const [device] = await inspectDevices(backend, [selected], { knownNames: true, maxSpeed: true });
  if (device === undefined) {
    throw new CliError('no-such-device', 'the device was unplugged');
  }
  const commandFor = commandSuggester(device, devices, options);
  if (options.json) {
    print(toJson(infoRecord(device, bytes, commandFor)));
  } else {
    print(infoText(device, bytes, commandFor, await painter('stdout')));
  }
}

/** Formats hex dumps, each after a comment line (#) that names the descriptors. */
function rawLines({ descriptors, bos }: DescriptorBytes): string[] {
  return [
    '# device descriptor and configurations',
    ...hexDumpLines(descriptors),
    ...(bos === undefined ? [] : ['# BOS descriptor', ...hexDumpLines(bos)]),
  ];
}
