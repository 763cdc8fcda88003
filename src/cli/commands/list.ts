import type { Command } from 'commander';
import type { Backend, DeviceInfo } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../backends.js';
import { addColorOption } from '../color-option.js';
import { EXIT } from '../exit-code.js';
import { busAddress, hex4, ids, signallingRate } from '../format.js';
import { sanitize, toJson } from '../sanitize.js';
import { addFilterOptions, type FilterOptions, filterDevices } from '../selection.js';
import { print, say } from '../stdio.js';
import { styled } from '../style.js';
import { table } from '../table.js';

interface ListOptions extends BackendOptions, FilterOptions {
  readonly json?: true;
}

const SCHEMA = 'usbxfer.list/1';
const COLUMNS = ['PATH', 'BUS:ADDR', 'ID', 'SPEED', 'MANUFACTURER', 'PRODUCT', 'SERIAL'];

/** `usbxfer list` */
export function define(command: Command): void {
  command.optionsGroup('Output:').option('--json', 'print one JSON object');
  addColorOption(command);
  addFilterOptions(command);
  addBackendOptions(command);
  command.action(async (options: ListOptions) => {
    process.exitCode = await list(options);
  });
}

async function list(options: ListOptions): Promise<number> {
  const backend = await loadBackend(options);
  const devices = filterDevices(await visibleDevices(backend), options);
  if (options.json) {
    print(toJson({ schema: SCHEMA, devices: devices.map(toRecord) }));
  } else if (devices.length > 0) {
    const [header = '', ...rows] = table([COLUMNS, ...devices.map(toRow)]);
    print([await styled('stdout', 'bold', header), ...rows].join('\n'));
  } else {
    say('usbxfer: no device fits');
  }
  return devices.length > 0 ? EXIT.done : EXIT.notFound;
}

/** A machine without any USB bus is worth a word of its own; it has no devices all the same. */
async function visibleDevices(backend: Backend): Promise<DeviceInfo[]> {
  try {
    return await backend.list();
  } catch (error) {
    if (!(error instanceof UsbError && error.code === 'no-bus')) {
      throw error;
    }
    say(
      `usbxfer: ${error.message}: a container sees USB only with /dev/bus/usb and /sys passed in, ` +
        'WSL only with the device attached (usbipd attach --wsl), a virtual machine only with it passed through',
    );
    return [];
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
