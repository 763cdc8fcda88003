import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './attributes.js';
import type { SystemFiles } from './paths.js';

/** Names owner, group and mode of a file: `root:plugdev, 0664`; empty when the file is gone. */
export function permissionsOf(file: string, system: Pick<SystemFiles, 'etc'>): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) {
    return '';
  }
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  return `${userName(stats.uid, system)}:${groupName(stats.gid, system)}, ${mode}`;
}

/** Returns the name of a user; the number where it has none. */
export function userName(uid: number, { etc }: Pick<SystemFiles, 'etc'>): string {
  return nameOf(uid, join(etc, 'passwd'));
}

/** Returns the name of a group; the number where it has none. */
export function groupName(gid: number, { etc }: Pick<SystemFiles, 'etc'>): string {
  return nameOf(gid, join(etc, 'group'));
}

/** In both files (passwd(5), group(5)) a line is `name:password:number:…`. */
function nameOf(id: number, file: string): string {
  for (const line of (readText(file) ?? '').split('\n')) {
    const [name, , number] = line.split(':');
    if (name && number === String(id)) {
      return name;
    }
  }
  return String(id);
}
