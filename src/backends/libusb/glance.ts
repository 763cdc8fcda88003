import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The names and addresses of the devices on the bus, in one text: it changes whenever one comes, goes
 * or is replugged. A tenth of the cost of a list, and it waits for no device: the kernel reads strings
 * and configurations under a lock that it holds while it configures one. Empty without any USB.
 *
 * @param root a folder of the form of /sys/bus/usb/devices
 */
export function glanceSysfs(root: string): string {
  return namesIn(root)
    .filter((name) => !name.includes(':')) // with a colon: an interface, not a device
    .map((name) => `${name}@${addressOf(join(root, name))}`)
    .join();
}

function namesIn(root: string): string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

/** Empty for a device that is going away. */
function addressOf(folder: string): string {
  try {
    return readFileSync(join(folder, 'devnum'), 'latin1').trim();
  } catch {
    return '';
  }
}
