import { statSync } from 'node:fs';
import type { CheckResult } from '../../../usb/check-result.js';
import type { Remedy } from '../../../usb/errors.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { missingFile } from '../linux/access-errors.js';
import { accessError } from '../linux/attributes.js';
import { PASS_TO_CONTAINER } from '../linux/environment.js';
import { deviceFile, type SystemFiles } from '../linux/paths.js';
import { groupName, isAtSeat, permissionsOf, userName } from '../linux/permissions.js';

/** The user whose access is checked. */
export interface User {
  readonly uid: number;
  /** All groups, including the effective one. */
  readonly gids: readonly number[];
  /** See `accessError` in linux/attributes.ts. */
  accessError(file: string): string | undefined;
}

/** Returns the user of this process. */
export function currentUser(): User {
  const gids = [process.getgid?.() ?? 0, ...(process.getgroups?.() ?? [])];
  return { uid: process.getuid?.() ?? 0, gids: [...new Set(gids)], accessError };
}

/** Checks whether the device file exists, and whether the user may open it. */
export function checkAccess(device: DeviceInfo, system: SystemFiles, user: User): CheckResult {
  const missing = missingFile(device, system);
  if (missing !== undefined) {
    const { message, remedy } = missing;
    return { id: 'node', device: device.path, status: 'problem', message, remedy };
  }
  const about = { id: 'access', device: device.path } as const;
  const file = deviceFile(device, system);
  switch (user.accessError(file)) {
    case undefined:
      return { ...about, status: 'ok', message: `this user can open ${file}` };
    case 'EPERM':
      return {
        ...about,
        status: 'problem',
        message: `the device rules of this container forbid opening ${file}`,
        remedy: PASS_TO_CONTAINER,
      };
    default: {
      const permissions = permissionsOf(file, system);
      const groups = user.gids.map((gid) => groupName(gid, system)).join(', ');
      return {
        ...about,
        status: 'problem',
        message:
          `${userName(user.uid, system)} (groups: ${groups}) cannot open ` +
          `${file}${permissions && ` (${permissions})`}`,
        remedy: permissionRemedy(device, file, system, user),
      };
    }
  }
}

/** Returns what would give the user access. If a group has access already, joining it is enough. */
function permissionRemedy(
  { vid, pid }: DeviceInfo,
  file: string,
  system: SystemFiles,
  user: User,
): Remedy {
  const addRule = {
    kind: 'add-udev-rule',
    vid,
    pid,
    isAtSeat: isAtSeat(user.uid, system),
  } as const;
  const stats = statSync(file, { throwIfNoEntry: false });
  const groupMay = stats !== undefined && (stats.mode & 0o060) === 0o060 && stats.gid !== 0;
  if (!groupMay || user.gids.includes(stats.gid)) {
    return addRule;
  }
  const [group, name] = [groupName(stats.gid, system), userName(user.uid, system)];
  return { kind: 'any-of', remedies: [{ kind: 'join-group', group, user: name }, addRule] };
}
