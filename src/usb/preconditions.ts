import { MAX_CONTROL_DATA } from './control.js';
import { UsbError } from './errors.js';
import { formatEndpoint } from './format.js';
import type { AlternateSetting, DeviceInfo, EndpointDescriptor } from './model.js';

/*
 * Checks that every backend makes, with the same errors, before it involves the device or the system; and
 * the errors of a device without a configuration, which every backend may find.
 */

/** @throws UsbError `invalid` after the device was closed */
export function checkOpen(isOpen: boolean): void {
  if (!isOpen) {
    throw new UsbError('invalid', 'the device was closed');
  }
}

/**
 * @param claimed the number of an interface that is claimed; undefined if there is none
 * @throws UsbError `invalid` while an interface is claimed
 */
export function checkReset(claimed: number | undefined): void {
  if (claimed !== undefined) {
    throw new UsbError('invalid', `cannot reset the device while interface ${claimed} is claimed`);
  }
}

/**
 * @param claimed the number of an interface that is claimed; undefined if there is none
 * @throws UsbError `invalid` while an interface is claimed
 */
export function checkConfigurable(claimed: number | undefined): void {
  if (claimed !== undefined) {
    const text = `cannot select a configuration while interface ${claimed} is claimed`;
    throw new UsbError('invalid', text);
  }
}

/**
 * Returns the claimed interface that a request needs.
 *
 * @throws UsbError `invalid` if it is not claimed
 */
export function requireClaimed<T>(claimed: T | undefined, interfaceNumber: number | undefined): T {
  if (claimed === undefined) {
    throw new UsbError('invalid', `interface ${interfaceNumber} is not claimed`);
  }
  return claimed;
}

/** @throws UsbError `invalid` for data longer than MAX_CONTROL_DATA */
export function checkControlData(data: Buffer): void {
  if (data.length > MAX_CONTROL_DATA) {
    throw new UsbError(
      'invalid',
      `a control request moves at most ${MAX_CONTROL_DATA} bytes, not ${data.length}`,
    );
  }
}

/**
 * Finds a bulk or interrupt endpoint of an alternate setting.
 *
 * @throws UsbError `not-found`, also for an endpoint of another type
 */
export function findEndpoint(setting: AlternateSetting, address: number): EndpointDescriptor {
  const { interfaceNumber, alternateSetting, endpoints } = setting;
  const found = endpoints.find((candidate) => candidate.address === address);
  if (found?.type !== 'bulk' && found?.type !== 'interrupt') {
    throw new UsbError(
      'not-found',
      `interface ${interfaceNumber} has no bulk or interrupt endpoint ${formatEndpoint(address)} ` +
        `in alternate setting ${alternateSetting}`,
    );
  }
  return found;
}

/**
 * Checks the arguments and the state of a submit.
 *
 * @throws UsbError `invalid` while the transfer is in flight, after the interface was released, and
 *   for a length outside the buffer
 */
export function checkSubmit(
  inFlight: boolean,
  released: boolean,
  buffer: Buffer,
  length: number,
): void {
  if (inFlight) {
    throw new UsbError('invalid', 'the transfer is already in flight');
  }
  if (released) {
    throw new UsbError('invalid', 'the interface was released');
  }
  if (!Number.isInteger(length) || length < 0 || length > buffer.length) {
    throw new UsbError(
      'invalid',
      `cannot move ${length} bytes with a buffer of ${buffer.length} bytes`,
    );
  }
}

/**
 * @param action the operation that is refused, such as "clear the halt"
 * @throws UsbError `invalid` while transfers are in flight
 */
export function checkIdle(inFlight: boolean, action: string): void {
  if (inFlight) {
    throw new UsbError('invalid', `cannot ${action} with transfers in flight`);
  }
}

/** Returns the error that a device has no active configuration: the system or a program took it. */
export function unconfiguredError(
  message: string,
  { path, configurations }: Pick<DeviceInfo, 'path' | 'configurations'>,
  cause?: unknown,
): UsbError {
  const configuration = configurations[0]?.value ?? 1;
  return new UsbError('not-found', message, {
    cause,
    remedy: { kind: 'configure', path, configuration },
  });
}

/**
 * Returns the error that a device has lost its configuration.
 *
 * @param what what could not be done, such as "cannot claim interface 1"
 */
export function lostConfigurationError(
  what: string,
  info: Pick<DeviceInfo, 'path' | 'configurations'>,
  cause?: unknown,
): UsbError {
  return unconfiguredError(`${what}: the device has no configuration any more`, info, cause);
}
