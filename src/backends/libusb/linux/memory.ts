import { readFileSync } from 'node:fs';
import type { TransferMemory } from '../../../usb/backend.js';

/** The memory, in MiB, that all programs together may have in flight through usbfs; 0: no limit. */
export const USBFS_MEMORY = '/sys/module/usbcore/parameters/usbfs_memory_mb';

const MIB = 1024 * 1024;

/**
 * The kernel's limit; undefined when there is none, and where it cannot be read.
 *
 * @param file another file of the same form, for tests
 */
export function usbfsMemory(file = USBFS_MEMORY): TransferMemory | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
  if (!/^\d+$/.test(text) || Number(text) === 0) {
    return undefined;
  }
  return {
    bytes: Number(text) * MIB,
    raise: (bytes) => ({
      kind: 'raise-usbfs-memory',
      file,
      mebibytes: 2 ** Math.ceil(Math.log2(bytes / MIB)),
    }),
  };
}
