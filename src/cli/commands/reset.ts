import type { Command } from 'commander';
import { Option } from 'commander';
import { isSameDevice } from '../../engine/device/presence.js';
import { isChange, type ResetResult, resetDevice } from '../../engine/device/reset.js';
import type { Backend } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { ids, parentPath } from '../../usb/format.js';
import type { DeviceFilter, DeviceInfo } from '../../usb/model.js';
import { nameOf } from '../devices/details.js';
import { identityRecord } from '../devices/record.js';
import { adviceOf } from '../errors/advice.js';
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
import { sanitize, toJson } from '../terminal/sanitize.js';
import { print } from '../terminal/stdio.js';
import { addColorOption } from '../terminal/style.js';

interface ResetOptions extends BackendOptions, FilterOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly force?: true;
  readonly json?: true;
}

/** `usbxfer reset` */
export function define(command: Command): void {
  addPlaceOptions(addFilterOptions(addDeviceOperand(command)));
  command
    .optionsGroup('Reset:')
    .addOption(
      new Option('--timeout <time>', 'how long to wait until the device is back')
        .argParser(values.duration)
        .default(5000, '5s'),
    )
    .option('--force', 'reset the device even if another process uses it')
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object');
  addColorOption(command);
  addBackendOptions(command);
  command.action(reset);
}

/**
 * @throws CliError unless exactly one device matches, if another process uses it, and if it does not
 *   come back
 */
async function reset(
  operand: readonly DeviceFilter[] | undefined,
  given: ResetOptions,
): Promise<void> {
  const options = withOperand(given, operand);
  const backend = await loadBackend(options);
  const devices = await backend.list();
  const device = selectDevice(devices, options, backend);
  if (parentPath(device.path) === undefined) {
    throw new CliError('not-supported', 'root hubs cannot be reset');
  }
  if (!options.force) {
    await requireUnused(backend, device, devices);
  }
  const result = await resetDevice(backend, device, options.timeout);
  const { now } = result;
  if (now === undefined) {
    const seconds = options.timeout / 1000;
    const message = `${nameOf(device)} was reset and did not come back within ${seconds} s`;
    throw new CliError('device-lost', message, { advice: 'plug the device in again' });
  }
  if (!isSameDevice(device, now)) {
    const as = ids(now) === ids(device) ? 'with another serial number' : `as ${ids(now)}`;
    throw new CliError('device-lost', `${nameOf(device)} was reset and came back ${as}`);
  }
  const record = () => toJson(resetRecord(device, now, result));
  print(options.json ? record() : resetText(device, now, result), false);
}

/**
 * Checks that no other process uses a device, or one below it if it is a hub.
 *
 * @throws CliError that names the process
 */
async function requireUnused(
  backend: Backend,
  device: DeviceInfo,
  devices: readonly DeviceInfo[],
): Promise<void> {
  const below = devices.filter(({ path }) => path.startsWith(`${device.path}.`));
  for (const each of [device, ...below]) {
    try {
      await backend.checkUnused?.(each);
    } catch (cause) {
      if (cause instanceof UsbError && cause.code === 'busy') {
        const advice = `${adviceOf(cause)}, or reset it anyway with --force`;
        throw new CliError('busy', cause.message, { cause, advice });
      }
      throw cause;
    }
  }
}

/** The result in one line. */
function resetText(before: DeviceInfo, now: DeviceInfo, result: ResetResult): string {
  const { milliseconds, drivers } = result;
  const address =
    now.address === before.address
      ? `address ${now.address} is unchanged`
      : `address changed from ${before.address} to ${now.address}`;
  const changes = drivers
    .filter(isChange)
    .map(
      ({ interfaceNumber, before, after }) =>
        `; interface ${interfaceNumber} changed from ${driver(before)} to ${driver(after)}`,
    );
  const seconds = (milliseconds / 1000).toFixed(1);
  return `${nameOf(now)} was reset and is back after ${seconds} s; ${address}${changes.join('')}`;
}

function driver(name: string | undefined): string {
  return name === undefined ? 'no driver' : `driver ${sanitize(name)}`;
}

/** The result in the format of schema/reset.schema.json. */
function resetRecord(before: DeviceInfo, now: DeviceInfo, result: ResetResult) {
  return {
    schema: 'usbxfer.reset/1',
    device: identityRecord(now),
    address_before: before.address,
    seconds: Math.round(result.milliseconds) / 1000,
    drivers: result.drivers.map(({ interfaceNumber, before, after }) => ({
      interface: interfaceNumber,
      before: before ?? null,
      after: after ?? null,
    })),
  };
}
