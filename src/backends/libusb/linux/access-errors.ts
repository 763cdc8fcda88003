import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import type { DeviceInfo } from '../../../usb/backend.js';
import { type ControlRequest, interfaceToClaim } from '../../../usb/control.js';
import { UsbError } from '../../../usb/errors.js';
import { operationError } from '../native/errors.js';
import { PASS_TO_CONTAINER } from './environment.js';
import { type Holder, holdersOf } from './holders.js';
import { driverOf, USBFS } from './interfaces.js';
import { DEVICE_FILES, deviceFile } from './paths.js';
import { groupName, userName } from './users.js';

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
  return new UsbError('access', `cannot open ${file}: ${what}`, { remedy: PASS_TO_CONTAINER });
}

/**
 * Why the file of a device could not be opened; when it was refused, who may open it and how to
 * become one of them.
 *
 * @param roots other folders of the form of /dev/bus/usb and /etc, for tests
 */
export function openError(
  info: DeviceInfo,
  cause: unknown,
  { files = DEVICE_FILES, accounts = '/etc' }: { files?: string; accounts?: string } = {},
): UsbError {
  const file = deviceFile(info, files);
  const failure = operationError(`cannot open ${file}`, cause);
  if (failure.code === 'access') {
    const { path, vid, pid } = info;
    const ids = [vid, pid].map((id) => id.toString(16).padStart(4, '0')).join(':');
    const rights = rightsOf(file, accounts);
    return new UsbError(
      'access',
      `cannot open ${path} (${ids}): permission denied for ${file}${rights && ` (${rights})`}`,
      { cause, remedy: { kind: 'add-udev-rule', vid, pid } },
    );
  }
  // libusb knows EACCES alone. EPERM is the refusal of a container's device rules.
  if (failure.code === 'io' && errnoOfOpening(file) === 'EPERM') {
    const text = `cannot open ${file}: the device rules of this container forbid it`;
    return new UsbError('access', text, { cause, remedy: PASS_TO_CONTAINER });
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

function errnoOfOpening(file: string): string | undefined {
  try {
    closeSync(openSync(file, 'r+'));
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : undefined;
  }
}

/** Processes that a message names; more would not help. */
const MOST_HOLDERS = 4;

/** Who holds interfaces and device files, as the system tells it. */
export interface Holders {
  driverOf(info: DeviceInfo, interfaceNumber: number): string | undefined;
  holdersOf(file: string): Holder[];
}

/** Why an interface could not be claimed; of a busy one, who holds it. */
export function claimError(
  info: DeviceInfo,
  interfaceNumber: number,
  cause: unknown,
  system: Holders = { driverOf, holdersOf },
): UsbError {
  const failure = operationError(`cannot claim interface ${interfaceNumber}`, cause);
  return failure.code === 'busy'
    ? (heldInterface(info, interfaceNumber, cause, system) ?? failure)
    : failure;
}

/** That somebody else holds an interface that is not claimed here; undefined when nobody does. */
export function heldInterface(
  info: DeviceInfo,
  interfaceNumber: number,
  cause: unknown,
  system: Holders = { driverOf, holdersOf },
): UsbError | undefined {
  const driver = system.driverOf(info, interfaceNumber);
  if (driver === undefined) {
    return undefined;
  }
  const held = `interface ${interfaceNumber} is held by`;
  if (driver !== USBFS) {
    const remedy = { kind: 'detach-driver', driver } as const;
    return new UsbError('busy', `${held} the kernel driver ${driver}`, { cause, remedy });
  }
  const holders = system.holdersOf(deviceFile(info));
  return new UsbError('busy', `${held} another process${nameAll(holders)}`, { cause });
}

/** The device file does not tell who of several that have it open holds which interface. */
export function nameAll(holders: readonly Holder[]): string {
  switch (holders.length) {
    case 0:
      return '';
    case 1:
      return `: ${nameHolders(holders)}`;
    default:
      return `, one of ${nameHolders(holders)}`;
  }
}

/** `usbxfer (PID 12), other (PID 34)` */
export function nameHolders(holders: readonly Holder[]): string {
  const names = holders
    .slice(0, MOST_HOLDERS)
    .map(({ command, pid }) => `${command} (PID ${pid})`)
    .join(', ');
  return holders.length > MOST_HOLDERS ? `${names}, …` : names;
}

/**
 * Why a control request could not be sent. Linux refuses one to an interface that somebody else
 * holds, and libusb makes an input/output error of that.
 *
 * @param own the numbers of the interfaces that are claimed here
 */
export function controlError(
  info: DeviceInfo,
  request: ControlRequest,
  own: readonly number[],
  cause: unknown,
  system?: Holders,
): UsbError {
  const failure = operationError('cannot send the control request', cause);
  const number = failure.code === 'io' ? interfaceToClaim(info, request) : undefined;
  return number === undefined || own.includes(number)
    ? failure
    : (heldInterface(info, number, cause, system) ?? failure);
}
