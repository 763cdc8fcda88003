import type { Remedy } from './errors.js';

/**
 * How a check came out: a `problem` keeps data from being read, a `warning` may do harm or take
 * speed.
 */
export type CheckStatus = 'ok' | 'warning' | 'problem';

/**
 * What was checked. Stable: scripts know the checks by these.
 *
 * - `bus`: whether the system shows a USB bus
 * - `libusb`: whether the addon and what it needs can be loaded
 * - `udev`: whether the daemon runs that sets the rights of device files and reports hotplug
 * - `memory`: how much memory the system allows for transfers
 * - `endpoint`: whether the device has a bulk IN endpoint
 * - `node`: whether the device has a file to open it through
 * - `access`: whether this user may open it
 * - `driver`: whether a kernel driver holds an interface that would be read
 * - `mounted`: whether a disk that such a driver made is in use
 * - `holder`: whether another process has the device
 * - `link`: whether the link is as fast as the device could do
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
  | 'autosuspend';

/** The result of one check. Its texts may quote names from a device or a process: untrusted. */
export interface CheckResult {
  readonly id: CheckId;
  /** The port path of the device that it is about; undefined when it is about the system. */
  readonly device: string | undefined;
  readonly status: CheckStatus;
  /** The result, in one sentence. */
  readonly message: string;
  /** What would help against a warning or a problem. */
  readonly remedy?: Remedy | undefined;
}

/** Groups results by the port path of their device; those about the system by undefined. */
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
