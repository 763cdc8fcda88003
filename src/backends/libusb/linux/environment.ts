import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PassThroughTarget, Remedy } from '../../../usb/errors.js';
import type { SystemFiles } from './paths.js';

/** Lets a container have the devices, also those plugged in later. */
export const PASS_TO_CONTAINER: Remedy = { kind: 'pass-usb-through', to: ['container'] };

/** The names of containers in their control group; those of cgroup v2 often have none there. */
const CONTAINER_GROUP = /docker|containerd|kubepods|libpod|lxc/;

/** Whether this process runs in a container. */
export function isContainer({ root, run, proc }: SystemFiles): boolean {
  return (
    existsSync(join(root, '.dockerenv')) ||
    existsSync(join(run, '.containerenv')) ||
    CONTAINER_GROUP.test(read(join(proc, '1/cgroup')))
  );
}

/** Where USB has to be passed through so that this process sees it. A container may be one in WSL. */
export function passThroughRemedy(roots: SystemFiles): Remedy {
  const isWsl = /microsoft/i.test(read(join(roots.proc, 'version')));
  const to: PassThroughTarget[] = [
    ...(isWsl ? ['wsl' as const] : []),
    ...(isContainer(roots) ? ['container' as const] : []),
  ];
  return { kind: 'pass-usb-through', to: to.length > 0 ? to : ['machine'] };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
