import type { Command } from 'commander';
import { Option } from 'commander';
import { clearHalt } from '../../engine/device/clear-halt.js';
import { examine } from '../../engine/device/presence.js';
import { formatEndpoint } from '../../usb/format.js';
import { type EndpointLocation, locateIn, locateOut } from '../../usb/locate.js';
import { type DeviceFilter, type DeviceInfo, directionOf } from '../../usb/model.js';
import { nameOf } from '../devices/details.js';
import { identityRecord } from '../devices/record.js';
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
import * as values from '../options/parsers.js';
import { toJson } from '../terminal/sanitize.js';
import { print } from '../terminal/stdio.js';
import { addColorOption } from '../terminal/style.js';

interface ClearHaltOptions extends BackendOptions, FilterOptions {
  readonly ep?: readonly number[];
  readonly interface?: number;
  readonly alt?: number;
  readonly detach?: true;
  readonly json?: true;
}

/** An endpoint whose halt is cleared now. */
interface Cleared {
  readonly location: EndpointLocation;
  /** Undefined if the device does not say. */
  readonly wasHalted: boolean | undefined;
}

/** `usbxfer clear-halt` */
export function define(command: Command): void {
  addPlaceOptions(addFilterOptions(addDeviceOperand(command)));
  command
    .optionsGroup('Endpoint:')
    .addOption(
      new Option('--ep <address>', 'endpoint, as 0x82 or 0x02; repeatable').argParser(
        values.repeatable(values.endpointInFull),
      ),
    )
    .addOption(new Option('--interface <n>', 'interface number').argParser(values.uint8))
    .addOption(new Option('--alt <n>', 'alternate setting number').argParser(values.uint8))
    .option('--detach', 'detach the kernel driver in the meantime')
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object');
  addColorOption(command);
  addBackendOptions(command);
  command.action(clearHalts);
}

/** @throws CliError unless exactly one device matches; UsbError if an endpoint is not found or fails */
async function clearHalts(
  operand: readonly DeviceFilter[] | undefined,
  given: ClearHaltOptions,
): Promise<void> {
  const options = withOperand(given, operand);
  const { ep: addresses = [], interface: interfaceNumber, alt: alternateSetting } = options;
  if (addresses.length === 0) {
    throw new CliError('missing-argument', 'no endpoint given', {
      advice: 'give its address, such as --ep 0x82; usbxfer info shows the endpoints',
    });
  }
  const backend = await loadBackend(options);
  const device = await examine(backend, selectDevice(await backend.list(), options, backend));
  const locations = addresses.map((address) => {
    const locate = directionOf(address) === 'in' ? locateIn : locateOut;
    return locate(device, { address, interfaceNumber, alternateSetting });
  });
  const cleared: Cleared[] = [];
  for (const location of locations) {
    const claim = { detachDriver: options.detach };
    cleared.push({ location, wasHalted: await clearHalt(backend, device, location, claim) });
  }
  print(options.json ? toJson(clearHaltRecord(device, cleared)) : clearHaltText(device, cleared));
}

/** The result, one line for each endpoint. */
function clearHaltText(device: DeviceInfo, cleared: readonly Cleared[]): string {
  return cleared
    .map(({ location, wasHalted }) => {
      const { address } = location.endpoint;
      const endpoint = `${nameOf(device)}, endpoint ${formatEndpoint(address)}`;
      return wasHalted === false
        ? `${endpoint} was not halted; its data toggle is reset`
        : `${endpoint}: ${wasHalted ? 'the' : 'any'} halt is cleared`;
    })
    .join('\n');
}

/** The result in the format of schema/clear-halt.schema.json. */
function clearHaltRecord(device: DeviceInfo, cleared: readonly Cleared[]) {
  return {
    schema: 'usbxfer.clear-halt/1',
    device: identityRecord(device),
    endpoints: cleared.map(({ location, wasHalted }) => ({
      endpoint: formatEndpoint(location.endpoint.address),
      interface: location.interfaceNumber,
      alternate_setting: location.alternateSetting,
      was_halted: wasHalted ?? null,
    })),
  };
}
