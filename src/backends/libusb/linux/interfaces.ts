import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DeviceState, InterfaceState } from '../../../usb/backend.js';
import { type DeviceInfo, interfaceNumbers } from '../../../usb/model.js';
import { accessError, readInode, readLink, readText } from './attributes.js';
import { deviceFile, interfaceName, type SystemFiles } from './paths.js';

/** The driver name while a process, this one or another, has claimed the interface. */
export const USBFS = 'usbfs';

/** Returns the kernel driver of an interface of the active configuration; undefined if it has none. */
export function driverOf(
  device: Pick<DeviceInfo, 'path' | 'configurationValue'>,
  interfaceNumber: number,
  { devices }: Pick<SystemFiles, 'devices'>,
): string | undefined {
  const target = readLink(join(devices, interfaceName(device, interfaceNumber), 'driver'));
  return target === undefined ? undefined : basename(target);
}

/**
 * Returns the inode of the interface's `driver` link, which the kernel creates at each binding, also to
 * usbfs, with a new number (kernfs numbers its nodes consecutively). Undefined if it has no driver.
 */
export function bindingOf(
  device: Pick<DeviceInfo, 'path' | 'configurationValue'>,
  interfaceNumber: number,
  { devices }: Pick<SystemFiles, 'devices'>,
): string | undefined {
  return readInode(join(devices, interfaceName(device, interfaceNumber), 'driver'));
}

/** Returns the state of a device as sysfs and the device files show it. Opens no device. */
export function inspect(device: DeviceInfo, system: SystemFiles): DeviceState {
  const node = deviceFile(device, system);
  const accessible = accessError(node) === undefined;
  return {
    accessible,
    node: accessible || existsSync(node) ? node : undefined,
    interfaces: interfaceNumbers(device).map((number) => interfaceState(device, number, system)),
  };
}

/** Searches for nodes and the name on access only, because a list has many devices. */
function interfaceState(
  device: DeviceInfo,
  interfaceNumber: number,
  system: SystemFiles,
): InterfaceState {
  const folder = join(system.devices, interfaceName(device, interfaceNumber));
  const driver = driverOf(device, interfaceNumber, system);
  return {
    interfaceNumber,
    driver,
    get nodes() {
      return driver === undefined ? [] : nodesIn(folder);
    },
    get name() {
      return readText(join(folder, 'interface'));
    },
  };
}

/** Limits of the search: a disk is seven folders down, and a sound card has a dozen nodes. */
const MAX_DEPTH = 8;
const MAX_FOLDERS = 256;

/** Folders that every device has, and that contain no node; `ep_81` is an endpoint. */
const NOT_SEARCHED = /^(power|ep_[0-9a-f]{2}|wakeup|firmware_node)$/;

/**
 * Finds what a driver created for an interface: device files by their paths, `/dev/ttyACM0`, and
 * network interfaces by their names, `eth1`. Leaves out the partitions of a disk.
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
      if (folders > MAX_FOLDERS) {
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
      } else if (depth < MAX_DEPTH) {
        search(inner, depth + 1);
      }
    }
  }
}

/** Lists the subfolders of a folder, without links. */
function subfolders(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !NOT_SEARCHED.test(entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return []; // it has just disappeared
  }
}

/** Returns the device file that the kernel reports for a folder; most folders have none. */
function deviceNode(folder: string): string | undefined {
  const name = /^DEVNAME=(.+)$/m.exec(readText(join(folder, 'uevent')) ?? '')?.[1];
  return name === undefined ? undefined : `/dev/${name}`;
}
