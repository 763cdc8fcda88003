import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceInfo } from '../../usb/backend.js';
import type { DeviceState, InterfaceState } from '../../usb/device-state.js';
import { deviceFile } from './device-file.js';
import { driverOf, interfaceFolder } from './kernel-driver.js';
import { nodesIn } from './nodes.js';
import { type SystemFiles, systemFiles } from './system-files.js';

/**
 * The state of a device as sysfs and the device files show it. Opens no device.
 *
 * @param system other folders of the same forms, for tests
 */
export function inspect(device: DeviceInfo, system: SystemFiles = systemFiles()): DeviceState {
  const node = deviceFile(device, system.files);
  const settings =
    device.configurations.find(({ value }) => value === device.activeConfiguration)?.settings ?? [];
  const numbers = new Set(settings.map(({ interfaceNumber }) => interfaceNumber));
  const accessible = isAccessible(node);
  return {
    accessible,
    node: accessible || existsSync(node) ? node : undefined,
    interfaces: [...numbers].map((number) => interfaceState(device, number, system.devices)),
  };
}

/** What takes a search is looked for only when somebody wants to know: a list has many devices. */
function interfaceState(
  device: DeviceInfo,
  interfaceNumber: number,
  devices: string,
): InterfaceState {
  const folder = join(devices, interfaceFolder(device, interfaceNumber));
  const driver = driverOf(device, interfaceNumber, devices);
  return {
    interfaceNumber,
    driver,
    get nodes() {
      return driver === undefined ? [] : nodesIn(folder);
    },
    get name() {
      return nameIn(folder);
    },
  };
}

/** access(2), which opens nothing. */
function isAccessible(file: string): boolean {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function nameIn(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'interface'), 'utf8').replace(/\n$/, '');
  } catch {
    return undefined; // it has no name
  }
}
