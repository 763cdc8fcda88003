import {
  accessSync,
  constants,
  type Dirent,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { DeviceInfo, DeviceState, InterfaceState } from '../../../usb/backend.js';
import { SYSFS_DEVICES } from './devices.js';
import { deviceFile, type SystemFiles, systemFiles } from './paths.js';

/** What stands for a driver while a process, this or another, has claimed the interface. */
export const USBFS = 'usbfs';

/**
 * The kernel driver of an interface of the active configuration; undefined when it has none, and
 * where there is no sysfs.
 *
 * @param root another folder of the form of /sys/bus/usb/devices, for tests
 */
export function driverOf(
  device: Pick<DeviceInfo, 'path' | 'activeConfiguration'>,
  interfaceNumber: number,
  root = SYSFS_DEVICES,
): string | undefined {
  try {
    const folder = join(root, interfaceFolder(device, interfaceNumber));
    return basename(readlinkSync(join(folder, 'driver')));
  } catch {
    return undefined;
  }
}

/** The name of an interface's folder in sysfs, `3-1.2:1.0`; a root hub, `usb3`, is `3-0` there. */
export function interfaceFolder(
  { path, activeConfiguration }: Pick<DeviceInfo, 'path' | 'activeConfiguration'>,
  interfaceNumber: number,
): string {
  const device = path.replace(/^usb(\d+)$/, '$1-0');
  return `${device}:${activeConfiguration}.${interfaceNumber}`;
}

/** Bounds of the search: a disk is seven folders down, and a sound card has a dozen nodes. */
const DEEPEST = 8;
const MOST_FOLDERS = 256;

/** What is in every folder of a device, and leads nowhere; `ep_81` is an endpoint. */
const NOT_SEARCHED = /^(power|ep_[0-9a-f]{2}|wakeup|firmware_node)$/;

/**
 * What a driver made of an interface: device files by their paths, `/dev/ttyACM0`, and network
 * interfaces by their names, `eth1`. Of a disk the partitions are left out.
 *
 * @param folder the interface's folder in sysfs
 */
export function nodesIn(folder: string): string[] {
  const nodes: string[] = [];
  let folders = 0;
  search(folder, 0);
  return nodes;

  function search(path: string, depth: number): void {
    for (const { name } of subfolders(path)) {
      folders += 1;
      if (folders > MOST_FOLDERS) {
        return;
      }
      const inner = join(path, name);
      if (name === 'net') {
        nodes.push(...subfolders(inner).map((network) => network.name));
        continue;
      }
      const file = deviceNode(inner);
      if (file !== undefined) {
        nodes.push(file);
      } else if (depth < DEEPEST) {
        search(inner, depth + 1);
      }
    }
  }
}

function subfolders(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !NOT_SEARCHED.test(entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return []; // gone meanwhile
  }
}

/** The file that the kernel announced for it, below /dev; most folders have none. */
function deviceNode(folder: string): string | undefined {
  try {
    const name = /^DEVNAME=(.+)$/m.exec(readFileSync(join(folder, 'uevent'), 'utf8'))?.[1];
    return name === undefined ? undefined : `/dev/${name}`;
  } catch {
    return undefined;
  }
}

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
