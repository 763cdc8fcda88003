import { join } from 'node:path';
import type { DeviceState, InterfaceState } from '../../../usb/backend.js';
import type { CheckResult, CheckStatus } from '../../../usb/check-result.js';
import { inEndpoints } from '../../../usb/locate.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { readText } from '../linux/attributes.js';
import { type Holder, heldByProcess, nameHolders } from '../linux/holders.js';
import { USBFS } from '../linux/interfaces.js';
import type { SystemFiles } from '../linux/paths.js';
import type { User } from './access.js';

/** The maximum number of mounts to report. */
const MAX_MOUNTS = 4;

/** A mounted file system. */
interface Mount {
  /** `/dev/sdb1` */
  readonly source: string;
  readonly target: string;
}

/** Checks whether kernel drivers hold the interfaces that would be read, and what they created. */
export function checkDrivers(
  device: DeviceInfo,
  state: DeviceState,
  mounts: readonly Mount[],
): CheckResult[] {
  const about = { id: 'driver', device: device.path } as const;
  const held = readableInterfaces(device, state).flatMap(({ interfaceNumber, driver }) =>
    driver === undefined || driver === USBFS
      ? []
      : [{ interfaceNumber, driver, nodes: nodesOf(driver, state) }],
  );
  if (held.length === 0) {
    return [
      { ...about, status: 'ok', message: 'no kernel driver holds an interface that would be read' },
    ];
  }
  const nodes = held.flatMap((one) => one.nodes);
  return [
    ...held.map(
      ({ interfaceNumber, driver, nodes: own }): CheckResult => ({
        ...about,
        status: severity(device, state),
        message:
          `interface ${interfaceNumber} is held by the kernel driver ${driver}` +
          (own.length === 0 ? '' : `, which created ${own.join(', ')}`),
        remedy: { kind: 'detach-driver', driver },
      }),
    ),
    ...mounts
      .filter(({ source }) => nodes.some((node) => isPartOf(source, node)))
      .slice(0, MAX_MOUNTS)
      .map(
        ({ source, target }): CheckResult => ({
          id: 'mounted',
          device: device.path,
          status: 'warning',
          message: `${source} is mounted at ${target}: detaching the driver would remove it while in use`,
          remedy: { kind: 'unmount', source },
        }),
      ),
  ];
}

/** Checks whether other processes hold the interfaces that would be read, or may claim them. */
export function checkHolders(
  device: DeviceInfo,
  state: DeviceState,
  holders: readonly Holder[],
  user: User,
): CheckResult {
  const about = { id: 'holder', device: device.path } as const;
  const remedy = { kind: 'end-process', pids: holders.map(({ pid }) => pid) } as const;
  const [claimed] = readableInterfaces(device, state).filter(({ driver }) => driver === USBFS);
  if (claimed !== undefined) {
    const message = heldByProcess(claimed.interfaceNumber, holders);
    return { ...about, status: severity(device, state), message, remedy };
  }
  if (holders.length > 0) {
    return {
      ...about,
      status: 'warning',
      message: `the device is open in other processes, which may claim it: ${nameHolders(holders)}`,
      remedy,
    };
  }
  const seen = user.uid === 0 ? '' : ' that this user may see';
  return { ...about, status: 'ok', message: `no other process${seen} has the device open` };
}

/** Reads the mounted file systems of devices (proc_pid_mounts(5)). */
export function readMounts({ proc }: Pick<SystemFiles, 'proc'>): Mount[] {
  return (readText(join(proc, 'self/mounts')) ?? '').split('\n').flatMap((line) => {
    const [source = '', target = ''] = line.split(' ');
    return /^\/dev\/[\w./-]+$/.test(source) ? [{ source, target: unquote(target) }] : [];
  });
}

/** Decodes octal escapes: a blank is written as `\040`. */
function unquote(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Returns whether a source is a disk or one of its partitions: sdb, sdb1, mmcblk0p1. */
function isPartOf(source: string, node: string): boolean {
  return source.startsWith(node) && /^(p?\d+)?$/.test(source.slice(node.length));
}

/** Returns the interfaces with an IN endpoint to read; holders of the others do not matter. */
function readableInterfaces(device: DeviceInfo, state: DeviceState): InterfaceState[] {
  const numbers = readableNumbers(device);
  return state.interfaces.filter(({ interfaceNumber }) => numbers.has(interfaceNumber));
}

function readableNumbers(device: DeviceInfo): Set<number> {
  return new Set(inEndpoints(device, {}).map(({ interfaceNumber }) => interfaceNumber));
}

/** Returns `warning` if data can still be read, because an interface is free; otherwise `problem`. */
function severity(device: DeviceInfo, state: DeviceState): CheckStatus {
  const held = readableInterfaces(device, state).filter(({ driver }) => driver !== undefined);
  return held.length < readableNumbers(device).size ? 'warning' : 'problem';
}

/** Returns the nodes of all interfaces of a driver, which may create them for any of these. */
function nodesOf(driver: string, { interfaces }: DeviceState): string[] {
  return interfaces.filter((one) => one.driver === driver).flatMap(({ nodes }) => nodes);
}
