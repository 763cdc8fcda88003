import { accessSync, constants, statSync } from 'node:fs';
import type { DeviceInfo } from '../../../usb/backend.js';
import type { CheckResult } from '../../../usb/check-result.js';
import type { Remedy } from '../../../usb/errors.js';
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
    const { message, remedy } = missing;
    return { id: 'node', device: device.path, status: 'problem', message, remedy };
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
        remedy: PASS_TO_CONTAINER,
      };
    default: {
      const rights = rightsOf(file, roots.etc);
      const groups = user.gids.map((gid) => groupName(gid, roots.etc)).join(', ');
      const name = userName(user.uid, roots.etc);
      return {
        ...about,
        status: 'problem',
        message: `${file}${rights && ` (${rights})`} may not be opened by ${name}, of ${groups}`,
        remedy: permissionRemedy(device, file, roots, user),
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

/** Where a group may open the device already, joining it is enough. */
function permissionRemedy(
  { vid, pid }: DeviceInfo,
  file: string,
  roots: SystemFiles,
  user: User,
): Remedy {
  const addRule = { kind: 'add-udev-rule', vid, pid } as const;
  const stats = statSync(file, { throwIfNoEntry: false });
  const groupMay = stats !== undefined && (stats.mode & 0o060) === 0o060 && stats.gid !== 0;
  if (!groupMay || user.gids.includes(stats.gid)) {
    return addRule;
  }
  const [group, name] = [groupName(stats.gid, roots.etc), userName(user.uid, roots.etc)];
  return { kind: 'any-of', remedies: [{ kind: 'join-group', group, user: name }, addRule] };
}
