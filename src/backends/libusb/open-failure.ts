import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import type { DeviceInfo } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { udevRule, udevRuleFile } from '../../usb/udev-rule.js';
import { groupName, userName } from './accounts.js';
import { DEVICE_FILES, deviceFile } from './device-file.js';
import { operationError } from './errors.js';
import { PASS_TO_CONTAINER } from './surroundings.js';

/**
 * What is wrong when the kernel has a device and no file to open it through: a container. libusb
 * would call the device gone, or not start at all.
 *
 * @param root another folder of the form of /dev/bus/usb, for tests
 * @returns undefined when the file is there
 */
export function missingFile(info: DeviceInfo, root = DEVICE_FILES): UsbError | undefined {
  const file = deviceFile(info, root);
  if (existsSync(file)) {
    return undefined;
  }
  const what = existsSync(root) ? 'that file is missing' : `there is no ${root}`;
  return new UsbError('access', `cannot open ${file}: ${what}`, { advice: PASS_TO_CONTAINER });
}

/**
 * Why the file of a device could not be opened; when it was refused, who may open it and how to
 * become one of them.
 *
 * @param roots other folders of the form of /dev/bus/usb and /etc, for tests
 */
export function openFailure(
  info: DeviceInfo,
  cause: unknown,
  { files = DEVICE_FILES, accounts = '/etc' }: { files?: string; accounts?: string } = {},
): UsbError {
  const file = deviceFile(info, files);
  const failure = operationError(`cannot open ${file}`, cause);
  if (failure.code === 'access') {
    const rights = rightsOf(file, accounts);
    const text = `cannot open ${file}${rights && ` (${rights})`}: permission denied`;
    return new UsbError('access', text, { cause, advice: udevAdvice(info) });
  }
  // libusb knows EACCES alone. EPERM is the refusal of a container's device rules.
  if (failure.code === 'io' && errnoOfOpening(file) === 'EPERM') {
    const text = `cannot open ${file}: the device rules of this container forbid it`;
    return new UsbError('access', text, { cause, advice: PASS_TO_CONTAINER });
  }
  return failure;
}

/** `root:plugdev, 0664`; empty when the file is gone meanwhile. */
export function rightsOf(file: string, accounts: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) {
    return '';
  }
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  return `${userName(stats.uid, accounts)}:${groupName(stats.gid, accounts)}, ${mode}`;
}

function udevAdvice({ vid, pid }: DeviceInfo): string {
  return (
    `let your user in: put ${udevRule({ vid, pid })} into ${udevRuleFile({ vid, pid })}, ` +
    'run udevadm control --reload, and plug the device in again'
  );
}

function errnoOfOpening(file: string): string | undefined {
  try {
    closeSync(openSync(file, 'r+'));
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : undefined;
  }
}
