import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceInfo, DeviceState, InterfaceState } from '../../../usb/backend.js';
import type { CheckResult, CheckStatus } from '../../../usb/check-result.js';
import { bulkInEndpoints } from '../../../usb/locate.js';
import { nameAll, nameHolders } from '../linux/access-errors.js';
import type { Holder } from '../linux/holders.js';
import { USBFS } from '../linux/interfaces.js';
import type { User } from './access.js';

/** Mounts that are told of; more would bury the rest. */
const MOST_MOUNTS = 4;

/** A file system in use. */
export interface Mount {
  /** `/dev/sdb1` */
  readonly source: string;
  readonly target: string;
}

/** Whether kernel drivers hold the interfaces that would be read, and what these are in use for. */
export function driverFindings(
  device: DeviceInfo,
  state: DeviceState,
  mounts: readonly Mount[],
): CheckResult[] {
  const about = { id: 'driver', device: device.path } as const;
  const held = readable(device, state).flatMap(({ interfaceNumber, driver }) =>
    driver === undefined || driver === USBFS ? [] : [{ interfaceNumber, driver }],
  );
  if (held.length === 0) {
    return [{ ...about, status: 'ok', message: 'no kernel driver holds what would be read' }];
  }
  const nodes = [...new Set(held.flatMap(({ driver }) => nodesOf(driver, state)))];
  return [
    ...held.map(
      ({ interfaceNumber, driver }): CheckResult => ({
        ...about,
        status: severity(device, state),
        message:
          `interface ${interfaceNumber} is held by the kernel driver ${driver}` +
          made(nodesOf(driver, state)),
        remedy: { kind: 'detach-driver', driver },
      }),
    ),
    ...mounts
      .filter(({ source }) => nodes.some((node) => isPartOf(source, node)))
      .slice(0, MOST_MOUNTS)
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

/** Whether other processes hold the interfaces that would be read, or might soon. */
export function holderFinding(
  device: DeviceInfo,
  state: DeviceState,
  holders: readonly Holder[],
  user: User,
): CheckResult {
  const about = { id: 'holder', device: device.path } as const;
  const remedy = { kind: 'end-process', pids: holders.map(({ pid }) => pid) } as const;
  const [claimed] = readable(device, state).filter(({ driver }) => driver === USBFS);
  if (claimed !== undefined) {
    return {
      ...about,
      status: severity(device, state),
      message: `interface ${claimed.interfaceNumber} is held by another process${nameAll(holders)}`,
      remedy,
    };
  }
  if (holders.length > 0) {
    return {
      ...about,
      status: 'warning',
      message: `the device is open elsewhere, and may be claimed there: ${nameHolders(holders)}`,
      remedy,
    };
  }
  const seen = user.uid === 0 ? '' : ' that this user may see';
  return { ...about, status: 'ok', message: `no other process${seen} has the device open` };
}

/**
 * The file systems in use, of proc_pid_mounts(5).
 *
 * @param proc another folder of the form of /proc, for tests
 */
export function mountsOf(proc: string): Mount[] {
  let text = '';
  try {
    text = readFileSync(join(proc, 'self/mounts'), 'utf8');
  } catch {
    // without the file nothing is known to be mounted
  }
  return text.split('\n').flatMap((line) => {
    const [source = '', target = ''] = line.split(' ');
    return /^\/dev\/[\w./-]+$/.test(source) ? [{ source, target: unquote(target) }] : [];
  });
}

/** Blanks and the like stand as `\040`. */
function unquote(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** A disk, or one of its partitions: sdb, sdb1, mmcblk0p1. */
function isPartOf(source: string, node: string): boolean {
  return source.startsWith(node) && /^(p?\d+)?$/.test(source.slice(node.length));
}

/** Interfaces with a bulk IN endpoint; what the others are held by is of no matter. */
function readable(device: DeviceInfo, state: DeviceState): InterfaceState[] {
  const numbers = readableNumbers(device);
  return state.interfaces.filter(({ interfaceNumber }) => numbers.has(interfaceNumber));
}

function readableNumbers(device: DeviceInfo): Set<number> {
  return new Set(bulkInEndpoints(device, {}).map(({ interfaceNumber }) => interfaceNumber));
}

/** Something can still be read as long as one interface is free. */
function severity(device: DeviceInfo, state: DeviceState): CheckStatus {
  const held = readable(device, state).filter(({ driver }) => driver !== undefined);
  return held.length < readableNumbers(device).size ? 'warning' : 'problem';
}

/** A driver of several interfaces makes its files of any of them. */
function nodesOf(driver: string | undefined, { interfaces }: DeviceState): string[] {
  return interfaces.filter((one) => one.driver === driver).flatMap(({ nodes }) => nodes);
}

function made(nodes: readonly string[]): string {
  return nodes.length === 0 ? '' : `, which made ${nodes.join(', ')}`;
}
