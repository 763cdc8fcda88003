import type { DeviceInfo } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { deviceFile } from './device-file.js';
import { type Holder, holdersOf } from './device-holders.js';
import { operationError } from './errors.js';
import { driverOf, USBFS } from './kernel-driver.js';

/** Processes that a message names; more would not help. */
const MOST_HOLDERS = 4;

/** Who holds interfaces and device files, as the system tells it. */
export interface Holders {
  driverOf(info: DeviceInfo, interfaceNumber: number): string | undefined;
  holdersOf(file: string): Holder[];
}

/** Why an interface could not be claimed; of a busy one, who holds it. */
export function claimFailure(
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
    return new UsbError('busy', `${held} the kernel driver ${driver}`, { cause, driver });
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
