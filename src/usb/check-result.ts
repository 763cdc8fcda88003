import type { Remedy } from './errors.js';

/** The severity: a `problem` prevents reading data; a `warning` may cause failures or reduce speed. */
export type CheckStatus = 'ok' | 'warning' | 'problem';

/**
 * Identifies a check. Stable: scripts depend on it.
 *
 * - `bus`: whether the system shows a USB bus
 * - `libusb`: whether the addon and what it needs can be loaded
 * - `udev`: whether the udev daemon is running, which sets the permissions of device files
 * - `memory`: how much memory the system allows for transfers
 * - `endpoint`: whether the device has a bulk IN endpoint
 * - `node`: whether the device file exists
 * - `access`: whether this user may open it
 * - `driver`: whether a kernel driver holds an interface that would be read
 * - `mounted`: whether a file system on a disk of such a driver is mounted
 * - `holder`: whether another process has the device
 * - `link`: whether the link is as fast as the device supports
 * - `usbip`: whether the device is attached through USB/IP, see `DeviceInfo.cancelKeepsData`
 * - `autosuspend`: whether the system suspends the device when it is not in use
 */
export type CheckId =
  | 'bus'
  | 'libusb'
  | 'udev'
  | 'memory'
  | 'endpoint'
  | 'node'
  | 'access'
  | 'driver'
  | 'mounted'
  | 'holder'
  | 'link'
  | 'usbip'
  | 'autosuspend';

/** The result of one check. Its texts may quote names from a device or a process: untrusted. */
export interface CheckResult {
  /** Which check it is. */
  readonly id: CheckId;
  /** The port path of the device; undefined for a check of the system. */
  readonly device: string | undefined;
  /** How severe it is. */
  readonly status: CheckStatus;
  /** The result, in one sentence. */
  readonly message: string;
  /** What would fix a warning or a problem. */
  readonly remedy?: Remedy | undefined;
}

/** Groups results by the port path of their device; those about the system have the key undefined. */
export function groupByDevice(
  results: readonly CheckResult[],
): ReadonlyMap<string | undefined, CheckResult[]> {
  const groups = new Map<string | undefined, CheckResult[]>();
  for (const result of results) {
    const group = groups.get(result.device);
    if (group === undefined) {
      groups.set(result.device, [result]);
    } else {
      group.push(result);
    }
  }
  return groups;
}
