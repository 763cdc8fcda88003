import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { Shell } from '../compare/run.js';

const DEVICE = 'bench/native/device.umockdev';

/** umockdev-run makes a sysfs with the device, and USBXFER_SYSFS says where. */
const PRELUDE = `
  export LD_PRELOAD=$PWD/build/bench/bin/usbfs.so:$LD_PRELOAD USBXFER_SYSFS=$UMOCKDEV_DIR
`;

/** How many processors a program and its neighbours in the pipe may use. */
export const PROCESSORS = ['all', 'one'] as const;
export type Processors = (typeof PROCESSORS)[number];

/** Name of a setting in the tables, such as "2 CPUs". */
export function settingName(processors: Processors): string {
  const count = processors === 'one' ? 1 : availableParallelism();
  return count === 1 ? '1 CPU' : `${count} CPUs`;
}

/**
 * Returns a shell whose programs see one USB device, of the user-space usbfs.
 *
 * @param device its environment: see usbfs.c
 */
export function nativeShell(
  processors: Processors,
  device: Readonly<Record<string, string>> = {},
): Shell {
  const limit = processors === 'one' ? ['taskset', '--cpu-list', '0'] : [];
  return async (script, timeout) => {
    const [program = '', ...args] = [
      ...limit,
      ...['umockdev-run', '--device', DEVICE, '--', 'bash', '-c', `${PRELUDE}${script}`],
    ];
    const env = { ...process.env, ...device };
    const { stdout } = await promisify(execFile)(program, args, { env, timeout });
    return stdout;
  };
}
