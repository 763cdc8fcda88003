import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readNames, readText } from './attributes.js';
import type { SystemFiles } from './paths.js';

/** Formats the owner, group and mode of a file: `root:plugdev, 0664`; empty if the file is gone. */
export function permissionsOf(file: string, system: Pick<SystemFiles, 'etc'>): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) {
    return '';
  }
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  return `${userName(stats.uid, system)}:${groupName(stats.gid, system)}, ${mode}`;
}

/** Returns the name of a user, or the number if it has none. */
export function userName(uid: number, { etc }: Pick<SystemFiles, 'etc'>): string {
  return nameOf(uid, join(etc, 'passwd'));
}

/** Returns the name of a group, or the number if it has none. */
export function groupName(gid: number, { etc }: Pick<SystemFiles, 'etc'>): string {
  return nameOf(gid, join(etc, 'group'));
}

/**
 * Returns whether a user has the active session on a seat of this machine, so that udev's tag uaccess
 * gives access. A session over ssh and a service have no seat. Reads what logind writes for libsystemd
 * (sd_uid_is_on_seat(3)).
 */
export function isAtSeat(uid: number | undefined, { run }: Pick<SystemFiles, 'run'>): boolean {
  const seats = join(run, 'systemd/seats');
  return (readNames(seats) ?? []).some(
    (seat) => /^ACTIVE_UID=(\d+)$/m.exec(readText(join(seats, seat)) ?? '')?.[1] === String(uid),
  );
}

/** Finds the name for a number. The lines of passwd(5) and group(5) are `name:password:number:…`. */
function nameOf(id: number, file: string): string {
  for (const line of (readText(file) ?? '').split('\n')) {
    const [name, , number] = line.split(':');
    if (name && number === String(id)) {
      return name;
    }
  }
  return String(id);
}
