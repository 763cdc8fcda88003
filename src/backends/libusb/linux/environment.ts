import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TransferMemory } from '../../../usb/backend.js';
import type { PassThroughTarget, Remedy } from '../../../usb/errors.js';
import { readText } from './attributes.js';
import type { SystemFiles } from './paths.js';

const MIB = 1024 * 1024;

/** Passes the devices to this container, including those plugged in later. */
export const PASS_TO_CONTAINER: Remedy = { kind: 'pass-usb-through', to: ['container'] };

/** Names of container runtimes in a control group; with cgroup v2 there is often none. */
const CONTAINER_GROUP = /docker|containerd|kubepods|libpod|lxc/;

/** Returns whether this process runs in a container. */
export function isContainer({ root, run, proc }: SystemFiles): boolean {
  return (
    existsSync(join(root, '.dockerenv')) ||
    existsSync(join(run, '.containerenv')) ||
    CONTAINER_GROUP.test(readText(join(proc, '1/cgroup')) ?? '')
  );
}

/** Returns whether a udev daemon is running, by its socket. */
export function hasUdev({ run }: Pick<SystemFiles, 'run'>): boolean {
  return existsSync(join(run, 'udev/control'));
}

/** Returns the remedy that makes USB visible to this process. A container may run in WSL. */
export function passThroughRemedy(system: SystemFiles): Remedy {
  const isWsl = /microsoft/i.test(readText(join(system.proc, 'version')) ?? '');
  const to: PassThroughTarget[] = isWsl ? ['wsl'] : [];
  if (isContainer(system)) {
    to.push('container');
  }
  return { kind: 'pass-usb-through', to: to.length > 0 ? to : ['machine'] };
}

/** Reads the kernel's limit of transfer memory; undefined if there is none or it cannot be read. */
export function usbfsMemory({
  usbfsMemory: file,
}: Pick<SystemFiles, 'usbfsMemory'>): TransferMemory | undefined {
  const text = readText(file)?.trim() ?? '';
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
