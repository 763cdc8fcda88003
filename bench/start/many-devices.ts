import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMPOSITE, SUPER, writeSystem } from '../../test/support/sysfs-tree.js';

/** Devices on one bus; an address has at most this value. */
const ON_A_BUS = 100;

/** Creates a directory that stands for / and has this many devices. The caller removes it. */
export function makeDevices(count: number): string {
  const root = mkdtempSync(join(tmpdir(), 'usbxfer-many-'));
  const devices = Array.from({ length: count }, (_, i) => ({
    ...(i % 2 === 0 ? COMPOSITE : SUPER),
    path: `${1 + Math.floor(i / ON_A_BUS)}-1.${1 + (i % ON_A_BUS)}`,
    address: 2 + (i % ON_A_BUS),
  }));
  writeSystem(root, devices);
  return root;
}
