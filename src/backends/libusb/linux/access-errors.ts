import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlRequest, interfaceToClaim } from '../../../usb/control.js';
import { UsbError } from '../../../usb/errors.js';
import { ids } from '../../../usb/format.js';
import { type DeviceInfo, interfaceNumbers } from '../../../usb/model.js';
import { lostConfigurationError } from '../../../usb/preconditions.js';
import { operationError } from '../native/errors.js';
import { errorCode, readNumber } from './attributes.js';
import { PASS_TO_CONTAINER } from './environment.js';
import { heldByProcess, holdersOf, nameHolders } from './holders.js';
import { driverOf, USBFS } from './interfaces.js';
import { deviceFile, type SystemFiles } from './paths.js';
import { isAtSeat, permissionsOf } from './permissions.js';

/*
 * Explains why libusb cannot open, claim or control a device, from what the system shows: libusb
 * returns only an error number.
 */

/**
 * Returns the error for a device that the kernel lists but that has no device file, as in a container.
 * libusb would report the device as gone, or would not start.
 *
 * @returns undefined if the file exists
 */
export function missingFile(info: DeviceInfo, system: SystemFiles): UsbError | undefined {
  const file = deviceFile(info, system);
  if (existsSync(file)) {
    return undefined;
  }
  const what = existsSync(system.files) ? 'that file is missing' : `there is no ${system.files}`;
  return new UsbError('access', `cannot open ${file}: ${what}`, { remedy: PASS_TO_CONTAINER });
}

/** Explains why a device file could not be opened; if permission was denied, adds who may open it. */
export function openError(info: DeviceInfo, cause: unknown, system: SystemFiles): UsbError {
  const file = deviceFile(info, system);
  const failure = operationError(`cannot open ${file}`, cause);
  if (failure.code === 'access') {
    const { path, vid, pid } = info;
    const permissions = permissionsOf(file, system);
    return new UsbError(
      'access',
      `cannot open ${path} (${ids(info)}): permission denied for ${file}${permissions && ` (${permissions})`}`,
      {
        cause,
        remedy: { kind: 'add-udev-rule', vid, pid, isAtSeat: isAtSeat(process.getuid?.(), system) },
      },
    );
  }
  // libusb recognizes only EACCES. The device rules of a container cause EPERM.
  if (failure.code === 'io' && openingError(file) === 'EPERM') {
    const text = `cannot open ${file}: the device rules of this container forbid it`;
    return new UsbError('access', text, { cause, remedy: PASS_TO_CONTAINER });
  }
  return failure;
}

function openingError(file: string): string | undefined {
  try {
    closeSync(openSync(file, 'r+'));
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

/**
 * Explains why an interface could not be claimed; if it is busy, names the holder. It is missing if the
 * device has lost its configuration since it was listed.
 */
export function claimError(
  info: DeviceInfo,
  interfaceNumber: number,
  cause: unknown,
  system: SystemFiles,
): UsbError {
  const what = `cannot claim interface ${interfaceNumber}`;
  const failure = operationError(what, cause);
  switch (failure.code) {
    case 'busy':
      return heldInterface(info, interfaceNumber, cause, system) ?? failure;
    case 'not-found':
      return missingInterface(info, what, cause, system) ?? failure;
    default:
      return failure;
  }
}

/** Returns the error that the configuration of a device has changed; undefined if it has not. */
function missingInterface(
  info: DeviceInfo,
  what: string,
  cause: unknown,
  { devices }: SystemFiles,
): UsbError | undefined {
  const now = readNumber(join(devices, info.path, 'bConfigurationValue'));
  if (now === undefined) {
    return lostConfigurationError(what, info, cause);
  }
  return now === info.configurationValue
    ? undefined
    : new UsbError('not-found', `${what}: the device has changed to configuration ${now}`, {
        cause,
        remedy: { kind: 'run-again' },
      });
}

/**
 * Returns the error that other processes use a device: they have claimed an interface, or opened its
 * device file. Returns undefined if none does, as far as this user may see.
 */
export function inUseError(info: DeviceInfo, system: SystemFiles): UsbError | undefined {
  const holders = holdersOf(deviceFile(info, system), system);
  const isClaimed = interfaceNumbers(info).some(
    (number) => driverOf(info, number, system) === USBFS,
  );
  if (!isClaimed && holders.length === 0) {
    return undefined;
  }
  const who = holders.length === 0 ? 'another process' : nameHolders(holders);
  return new UsbError('busy', `${info.path} (${ids(info)}) is in use by ${who}`, {
    remedy: { kind: 'end-process', pids: holders.map(({ pid }) => pid) },
  });
}

/**
 * Explains why a control request could not be sent. Linux refuses a request to an interface that a
 * driver or another process holds, which libusb reports as an input/output error.
 *
 * @param own the numbers of the interfaces that are claimed through the same handle
 */
export function controlError(
  info: DeviceInfo,
  request: ControlRequest,
  own: readonly number[],
  cause: unknown,
  system: SystemFiles,
): UsbError {
  const failure = operationError('cannot send the control request', cause);
  const number = failure.code === 'io' ? interfaceToClaim(info, request) : undefined;
  return number === undefined || own.includes(number)
    ? failure
    : (heldInterface(info, number, cause, system) ?? failure);
}

/** Returns the error that names the holder of an interface; undefined if the interface is free. */
function heldInterface(
  info: DeviceInfo,
  interfaceNumber: number,
  cause: unknown,
  system: SystemFiles,
): UsbError | undefined {
  const driver = driverOf(info, interfaceNumber, system);
  if (driver === undefined) {
    return undefined;
  }
  if (driver !== USBFS) {
    const text = `interface ${interfaceNumber} is held by the kernel driver ${driver}`;
    return new UsbError('busy', text, { cause, remedy: { kind: 'detach-driver', driver } });
  }
  const holders = holdersOf(deviceFile(info, system), system);
  const pids = holders.map(({ pid }) => pid);
  return new UsbError('busy', heldByProcess(interfaceNumber, holders), {
    cause,
    remedy: { kind: 'end-process', pids },
  });
}
