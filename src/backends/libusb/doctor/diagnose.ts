import type { DeviceInfo } from '../../../usb/backend.js';
import type { CheckResult } from '../../../usb/check-result.js';
import { holdersOf } from '../linux/holders.js';
import { inspect } from '../linux/interfaces.js';
import { deviceFile, systemFiles } from '../linux/paths.js';
import { accessFinding, thisUser } from './access.js';
import { driverFindings, holderFinding, mountsOf } from './in-use.js';
import { autosuspendFindings, linkFindings } from './link.js';
import { busFinding, libusbFinding, udevFinding } from './system.js';

/**
 * Looks at Linux and its files: who may open the devices, and who holds them.
 *
 * @param roots other folders of the forms of the system's, for tests
 */
export async function diagnose(
  devices: readonly DeviceInfo[],
  roots = systemFiles(),
): Promise<CheckResult[]> {
  const user = thisUser();
  const mounts = mountsOf(roots.proc);
  const ofDevices = devices.flatMap((device) => {
    const state = inspect(device, roots);
    const holders = holdersOf(deviceFile(device, roots.files), roots.proc);
    return [
      accessFinding(device, roots, user),
      ...driverFindings(device, state, mounts),
      holderFinding(device, state, holders, user),
      ...linkFindings(device, roots.devices),
      ...autosuspendFindings(device, roots.devices),
    ];
  });
  return [busFinding(roots), await libusbFinding(roots), udevFinding(roots), ...ofDevices];
}
