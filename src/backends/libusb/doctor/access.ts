import { accessSync, constants, statSync } from 'node:fs';
import type { DeviceInfo } from '../../../usb/backend.js';
import type { CheckResult } from '../../../usb/check-result.js';
import { udevRuleFile } from '../../../usb/udev-rule.js';
import { missingFile, rightsOf } from '../linux/access-errors.js';
import { PASS_TO_CONTAINER } from '../linux/environment.js';
import type { SystemFiles } from '../linux/paths.js';
import { deviceFile } from '../linux/paths.js';
import { groupName, userName } from '../linux/users.js';

/** As whom this process runs. */
export interface User {
  readonly uid: number;
  /** All groups, the one in force among them. */
  readonly gids: readonly number[];
  /**
   * Why the user may not read and write a file: EACCES, or EPERM when the rules of a container
   * refuse. Opens nothing.
   */
  refusal(file: string): string | undefined;
}

/** The user of this process. */
export function thisUser(): User {
  const gids = [process.getgid?.() ?? 0, ...(process.getgroups?.() ?? [])];
  return { uid: process.getuid?.() ?? 0, gids: [...new Set(gids)], refusal };
}

/** Whether there is a file to open the device through, and whether this user may, by access(2). */
export function accessFinding(
  device: DeviceInfo,
  roots: SystemFiles,
  user = thisUser(),
): CheckResult {
  const missing = missingFile(device, roots.files);
  if (missing !== undefined) {
    const { message, advice } = missing;
    return { id: 'node', device: device.path, status: 'problem', message, fix: advice };
  }
  const about = { id: 'access', device: device.path } as const;
  const file = deviceFile(device, roots.files);
  switch (user.refusal(file)) {
    case undefined:
      return { ...about, status: 'ok', message: `${file} may be opened by this user` };
    case 'EPERM':
      return {
        ...about,
        status: 'problem',
        message: `the device rules of this container forbid opening ${file}`,
        fix: PASS_TO_CONTAINER,
      };
    default: {
      const rights = rightsOf(file, roots.etc);
      const groups = user.gids.map((gid) => groupName(gid, roots.etc)).join(', ');
      const name = userName(user.uid, roots.etc);
      return {
        ...about,
        status: 'problem',
        message: `${file}${rights && ` (${rights})`} may not be opened by ${name}, of ${groups}`,
        fix: [...joinGroup(file, roots, user), installRule(device)].join('; or '),
      };
    }
  }
}

/** The error of access(2). */
function refusal(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'EACCES';
  }
}

/** Where a group may open the device already, being in it is enough. */
function joinGroup(file: string, roots: SystemFiles, user: User): string[] {
  const stats = statSync(file, { throwIfNoEntry: false });
  const groupMay = stats !== undefined && (stats.mode & 0o060) === 0o060 && stats.gid !== 0;
  if (!groupMay || user.gids.includes(stats.gid)) {
    return [];
  }
  const [group, name] = [groupName(stats.gid, roots.etc), userName(user.uid, roots.etc)];
  return [`join its group: sudo usermod -aG ${group} ${name}, and log in again`];
}

function installRule(device: DeviceInfo): string {
  const { vid, pid } = device;
  const ids = [vid, pid].map((id) => id.toString(16).padStart(4, '0')).join(':');
  return (
    `install a udev rule: usbxfer udev-rule -d ${ids} | sudo tee ${udevRuleFile({ vid, pid })}, ` +
    'sudo udevadm control --reload, and plug the device in again; over ssh or in a service, with ' +
    '--group GROUP'
  );
}
