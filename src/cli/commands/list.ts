import type { Command } from 'commander';
import type { Backend, DeviceInfo } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../backends.js';
import { CliError } from '../cli-error.js';
import { addColorOption } from '../color-option.js';
import { busAddress, hex4, ids, signallingRate } from '../format.js';
import { sanitize, toJson } from '../sanitize.js';
import { addFilterOptions, type FilterOptions, filterDevices } from '../selection.js';
import { print } from '../stdio.js';
import { styled } from '../style.js';
import { table } from '../table.js';

interface ListOptions extends BackendOptions, FilterOptions {
  readonly json?: true;
}

const SCHEMA = 'usbxfer.list/1';
const COLUMNS = ['PATH', 'BUS:ADDR', 'ID', 'SPEED', 'MANUFACTURER', 'PRODUCT', 'SERIAL'];

const PASS =
  'a container sees USB only with /dev/bus/usb and /sys passed in, WSL only with the device ' +
  'attached (usbipd attach --wsl), a virtual machine only with it passed through';

/** `usbxfer list` */
export function define(command: Command): void {
  command.optionsGroup('Output:').option('--json', 'print one JSON object');
  addColorOption(command);
  addFilterOptions(command);
  addBackendOptions(command);
  command.action(list);
}

/** @throws CliError when there is nothing to show; JSON is an empty list then all the same */
async function list(options: ListOptions): Promise<void> {
  const backend = await loadBackend(options);
  const { devices, noBus } = await visibleDevices(backend);
  const shown = filterDevices(devices, options);
  if (options.json) {
    print(toJson({ schema: SCHEMA, devices: shown.map(toRecord) }));
  }
  if (shown.length === 0) {
    throw noBus ?? new CliError('no-such-device', 'no device fits');
  }
  if (!options.json) {
    const [header = '', ...rows] = table([COLUMNS, ...shown.map(toRow)]);
    print([await styled('stdout', 'bold', header), ...rows].join('\n'));
  }
}

/** A machine without any USB bus is worth a word of its own; it has no devices all the same. */
async function visibleDevices(
  backend: Backend,
): Promise<{ devices: DeviceInfo[]; noBus?: CliError }> {
  try {
    return { devices: await backend.list() };
  } catch (cause) {
    if (!(cause instanceof UsbError && cause.code === 'no-bus')) {
      throw cause;
    }
    return { devices: [], noBus: new CliError('no-bus', cause.message, { advice: PASS, cause }) };
  }
}

function toRow(device: DeviceInfo): string[] {
  return [
    device.path,
    busAddress(device),
    ids(device),
    device.speed === undefined ? '' : signallingRate(device.speed),
    sanitize(device.manufacturer ?? ''),
    sanitize(device.product ?? ''),
    sanitize(device.serial ?? ''),
  ];
}

function toRecord(device: DeviceInfo): Record<string, unknown> {
  return {
    path: device.path,
    bus: device.bus,
    address: device.address,
    vid: hex4(device.vid),
    pid: hex4(device.pid),
    speed_mbps: device.speed ?? null,
    manufacturer: device.manufacturer ?? null,
    product: device.product ?? null,
    serial: device.serial ?? null,
  };
}
