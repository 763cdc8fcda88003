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
 * - `udev`: whether the daemon runs that gives device files their rights and tells of hotplug
 * - `memory`: what the system lends to transfers
 * - `endpoint`: whether the device has a bulk IN endpoint
 * - `node`: whether the device has a file to open it through
 * - `access`: whether this user may open it
 * - `driver`: whether a kernel driver holds what would be read
 * - `mounted`: whether a disk that such a driver made is in use
 * - `holder`: whether another process has the device
 * - `link`: whether the link is as fast as the device could do
 * - `autosuspend`: whether the system suspends the device when nobody uses it
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

/** What one check found. Texts may quote what others named: untrusted. */
export interface CheckResult {
  readonly id: CheckId;
  /** The port path of the device that it is about; undefined when it is about the system. */
  readonly device: string | undefined;
  readonly status: CheckStatus;
  /** What is so. */
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string | undefined;
}

/** Findings by the port path of the device that they are about; those about the system by undefined. */
export function groupByDevice(
  findings: readonly CheckResult[],
): ReadonlyMap<string | undefined, CheckResult[]> {
  const found = new Map<string | undefined, CheckResult[]>();
  for (const finding of findings) {
    const same = found.get(finding.device);
    if (same === undefined) {
      found.set(finding.device, [finding]);
    } else {
      same.push(finding);
    }
  }
  return found;
}
