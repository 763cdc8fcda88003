import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemFiles } from './paths.js';

/** What lets a container have the devices, those plugged in later as well. */
export const PASS_TO_CONTAINER =
  "to a container, give docker run -v /dev/bus/usb:/dev/bus/usb --device-cgroup-rule 'c 189:* rmw' (189: USB devices)";

const ATTACH_TO_WSL =
  'to WSL, attach the device in Windows: usbipd bind --busid BUSID, usbipd attach --wsl --busid BUSID (usbipd list shows BUSID)';

const PASS_TO_MACHINE =
  'to a virtual machine, pass the device or a USB controller; on real hardware, load the driver of the controller: sudo modprobe xhci_pci';

/** What containers are called in their control group; those of cgroup v2 often have no name there. */
const CONTAINER_GROUP = /docker|containerd|kubepods|libpod|lxc/;

/** Whether this process runs in a container. */
export function isContainer({ root, run, proc }: SystemFiles): boolean {
  return (
    existsSync(join(root, '.dockerenv')) ||
    existsSync(join(run, '.containerenv')) ||
    CONTAINER_GROUP.test(read(join(proc, '1/cgroup')))
  );
}

/** How USB comes to where this process runs. A container may be one in WSL. */
export function passthroughAdvice(roots: SystemFiles): string {
  const ways = [
    ...(/microsoft/i.test(read(join(roots.proc, 'version'))) ? [ATTACH_TO_WSL] : []),
    ...(isContainer(roots) ? [PASS_TO_CONTAINER] : []),
  ];
  return ways.length > 0 ? ways.join('; ') : PASS_TO_MACHINE;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
