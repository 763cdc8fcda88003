import { existsSync } from 'node:fs';
import type { CheckResult } from '../../../usb/check-result.js';
import { toError, UsbError } from '../../../usb/errors.js';
import { readNames } from '../linux/attributes.js';
import {
  hasUdev,
  isContainer,
  PASS_TO_CONTAINER,
  passThroughRemedy,
} from '../linux/environment.js';
import type { SystemFiles } from '../linux/paths.js';
import { loadNodeUsb } from '../native/node-usb.js';

/** Checks whether the kernel shows a bus, by its root hub. */
export function checkBus(system: SystemFiles): CheckResult {
  const about = { id: 'bus', device: undefined } as const;
  const names = readNames(system.devices);
  const buses = (names ?? []).filter((name) => /^usb\d+$/.test(name));
  if (buses.length > 0) {
    const count = `${buses.length} USB ${buses.length === 1 ? 'bus' : 'buses'}`;
    return { ...about, status: 'ok', message: `the kernel shows ${count}` };
  }
  const missing = `${system.devices} ${existsSync(system.devices) ? 'cannot be read' : 'is missing'}`;
  const why = names === undefined ? missing : 'the kernel has no USB controller';
  return {
    ...about,
    status: 'problem',
    message: `no USB bus is visible here (${why})`,
    remedy: passThroughRemedy(system),
  };
}

/**
 * Checks whether libusb can be loaded and starts, by loading it.
 *
 * @param system undefined on systems without device files. On Linux, libusb does not start without
 *   them if sysfs has devices
 * @param load another way to load it, for tests
 */
export async function checkLibusb(
  system?: Pick<SystemFiles, 'files'>,
  load: () => Promise<unknown> = () => loadNodeUsb(),
): Promise<CheckResult> {
  const about = { id: 'libusb', device: undefined } as const;
  try {
    await load();
    return { ...about, status: 'ok', message: 'libusb is loaded' };
  } catch (error) {
    const { message } = toError(error);
    const known = error instanceof UsbError ? error.remedy : undefined;
    if (known === undefined && system !== undefined && !existsSync(system.files)) {
      const text = `${message}: there is no ${system.files}`;
      return { ...about, status: 'problem', message: text, remedy: PASS_TO_CONTAINER };
    }
    return { ...about, status: 'problem', message, remedy: known ?? { kind: 'debug-libusb' } };
  }
}

/** Checks whether the udev daemon is running. A container needs none: the host's sets the permissions. */
export function checkUdev(system: SystemFiles): CheckResult {
  const about = { id: 'udev', device: undefined } as const;
  if (hasUdev(system)) {
    return { ...about, status: 'ok', message: 'the udev daemon is running' };
  }
  if (isContainer(system)) {
    const message = 'no udev daemon is running in this container, and none is needed';
    return { ...about, status: 'ok', message };
  }
  return {
    ...about,
    status: 'warning',
    message: 'no udev daemon is running: no rule sets the permissions of device files',
    remedy: { kind: 'run-udev-daemon' },
  };
}
