import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The name of a user; the number where it has none. @param root another /etc, for tests */
export function userName(uid: number, root = '/etc'): string {
  return nameOf(uid, join(root, 'passwd'));
}

/** The name of a group; the number where it has none. @param root another /etc, for tests */
export function groupName(gid: number, root = '/etc'): string {
  return nameOf(gid, join(root, 'group'));
}

/** In both files (passwd(5), group(5)) a line is `name:password:number:…`. */
function nameOf(id: number, file: string): string {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // without the file there are only numbers
  }
  for (const line of text.split('\n')) {
    const [name, , number] = line.split(':');
    if (name && number === String(id)) {
      return name;
    }
  }
  return String(id);
}
