import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Bounds of the search: a disk is seven folders down, and a sound card has a dozen nodes. */
const DEEPEST = 8;
const MOST_FOLDERS = 256;

/** What is in every folder of a device, and leads nowhere; `ep_81` is an endpoint. */
const NOT_SEARCHED = /^(power|ep_[0-9a-f]{2}|wakeup|firmware_node)$/;

/**
 * What a driver made of an interface: device files by their paths, `/dev/ttyACM0`, and network
 * interfaces by their names, `eth1`. Of a disk the partitions are left out.
 *
 * @param folder the interface's folder in sysfs
 */
export function nodesIn(folder: string): string[] {
  const nodes: string[] = [];
  let folders = 0;
  search(folder, 0);
  return nodes;

  function search(path: string, depth: number): void {
    for (const { name } of subfolders(path)) {
      folders += 1;
      if (folders > MOST_FOLDERS) {
        return;
      }
      const inner = join(path, name);
      if (name === 'net') {
        nodes.push(...subfolders(inner).map((network) => network.name));
        continue;
      }
      const file = deviceNode(inner);
      if (file !== undefined) {
        nodes.push(file);
      } else if (depth < DEEPEST) {
        search(inner, depth + 1);
      }
    }
  }
}

function subfolders(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !NOT_SEARCHED.test(entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return []; // gone meanwhile
  }
}

/** The file that the kernel announced for it, below /dev; most folders have none. */
function deviceNode(folder: string): string | undefined {
  try {
    const name = /^DEVNAME=(.+)$/m.exec(readFileSync(join(folder, 'uevent'), 'utf8'))?.[1];
    return name === undefined ? undefined : `/dev/${name}`;
  } catch {
    return undefined;
  }
}
