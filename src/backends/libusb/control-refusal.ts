import type { DeviceInfo } from '../../usb/backend.js';
import type { ControlRequest } from '../../usb/control-request.js';
import type { UsbError } from '../../usb/errors.js';
import { interfaceToClaim } from '../../usb/request-type.js';
import { type Holders, heldInterface } from './claim-failure.js';
import { operationError } from './errors.js';

/**
 * Why a control request could not be sent. Linux refuses one to an interface that somebody else
 * holds, and libusb makes an input/output error of that.
 *
 * @param own the numbers of the interfaces that are claimed here
 */
export function controlRefusal(
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
