import type { DeviceInfo } from '../../usb/backend.js';
import type { Finding } from '../../usb/diagnosis.js';
import { accessFinding, thisUser } from './access-findings.js';
import { deviceFile } from './device-file.js';
import { holdersOf } from './device-holders.js';
import { inspect } from './inspect.js';
import { autosuspendFindings, linkFindings } from './link-findings.js';
import { driverFindings, holderFinding, mountsOf } from './occupancy-findings.js';
import { systemFiles } from './system-files.js';
import { busFinding, libusbFinding, udevFinding } from './system-findings.js';

/**
 * Looks at Linux and its files: who may open the devices, and who holds them.
 *
 * @param roots other folders of the forms of the system's, for tests
 */
export async function diagnose(
  devices: readonly DeviceInfo[],
  roots = systemFiles(),
): Promise<Finding[]> {
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
