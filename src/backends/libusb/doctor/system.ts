import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckResult } from '../../../usb/check-result.js';
import { toError, UsbError } from '../../../usb/errors.js';
import { isContainer, PASS_TO_CONTAINER, passThroughRemedy } from '../linux/environment.js';
import { type SystemFiles, systemFiles } from '../linux/paths.js';
import { loadNodeUsb } from '../native/node-usb.js';

/** Whether the kernel shows a bus: a root hub at least. */
export function busFinding(roots: SystemFiles): CheckResult {
  const about = { id: 'bus', device: undefined } as const;
  const names = namesIn(roots.devices);
  const buses = (names ?? []).filter((name) => /^usb\d+$/.test(name));
  if (buses.length > 0) {
    const count = `${buses.length} USB ${buses.length === 1 ? 'bus' : 'buses'}`;
    return { ...about, status: 'ok', message: `the kernel shows ${count}` };
  }
  const missing = `${roots.devices} ${existsSync(roots.devices) ? 'cannot be read' : 'is missing'}`;
  const why = names === undefined ? missing : 'the kernel has no USB controller';
  return {
    ...about,
    status: 'problem',
    message: `no USB bus is visible here (${why})`,
    remedy: passThroughRemedy(roots),
  };
}

/** Undefined for a folder that is not there, or not for this user. */
function namesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}

/**
 * Whether libusb works: loads it.
 *
 * @param load another way to load it, for tests
 */
export async function libusbFinding(
  roots: SystemFiles = systemFiles(),
  load: () => Promise<unknown> = () => loadNodeUsb(),
): Promise<CheckResult> {
  const about = { id: 'libusb', device: undefined } as const;
  try {
    await load();
    return { ...about, status: 'ok', message: 'libusb is loaded' };
  } catch (error) {
    // Where sysfs has devices, libusb does not start without their files.
    const { message } = toError(error);
    const known = error instanceof UsbError ? error.remedy : undefined;
    if (known === undefined && process.platform === 'linux' && !existsSync(roots.files)) {
      return {
        ...about,
        status: 'problem',
        message: `${message}: there is no ${roots.files}`,
        remedy: PASS_TO_CONTAINER,
      };
    }
    return { ...about, status: 'problem', message, remedy: known ?? { kind: 'debug-libusb' } };
  }
}

/** Whether the udev daemon runs, by its socket. */
export function udevFinding(roots: SystemFiles): CheckResult {
  const about = { id: 'udev', device: undefined } as const;
  if (existsSync(join(roots.run, 'udev/control'))) {
    return { ...about, status: 'ok', message: 'the udev daemon is running' };
  }
  return {
    ...about,
    status: 'warning',
    message:
      'no udev daemon is running: no rule sets the rights of device files, and libusb does not see ' +
      'a device that is plugged in again',
    remedy: { kind: 'run-udev-daemon', inContainer: isContainer(roots) },
  };
}
