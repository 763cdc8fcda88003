import type { Backend } from '../../../usb/backend.js';
import type { CheckResult } from '../../../usb/check-result.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { holdersOf } from '../linux/holders.js';
import { inspect } from '../linux/interfaces.js';
import { deviceFile, type SystemFiles } from '../linux/paths.js';
import { checkAccess, currentUser } from './access.js';
import { checkDrivers, checkHolders, readMounts } from './in-use.js';
import { checkAutosuspend, checkCancel, checkLink, readBos } from './link.js';
import { checkBus, checkLibusb, checkUdev } from './system.js';

// A file of its own so that the checks are loaded only for a diagnosis.

/** Checks the system and devices on Linux: whether devices can be opened, and what holds them. */
export async function diagnose(
  devices: readonly DeviceInfo[],
  system: SystemFiles,
  open: Backend['open'],
): Promise<CheckResult[]> {
  const user = currentUser();
  const mounts = readMounts(system);
  const ofDevices = devices.map(async (device) => {
    const state = inspect(device, system);
    const holders = holdersOf(deviceFile(device, system), system);
    return [
      checkAccess(device, system, user),
      ...checkDrivers(device, state, mounts),
      checkHolders(device, state, holders, user),
      ...checkLink(device, await readBos(device, system, open)),
      ...checkCancel(device),
      ...checkAutosuspend(device, system),
    ];
  });
  const ofSystem = [checkBus(system), await checkLibusb(system), checkUdev(system)];
  return [...ofSystem, ...(await Promise.all(ofDevices)).flat()];
}
