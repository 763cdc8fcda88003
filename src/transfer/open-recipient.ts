import type { Backend, ClaimOptions, Device, DeviceInfo } from '../usb/backend.js';
import type { ControlRequest } from '../usb/control-request.js';
import { interfaceToClaim } from '../usb/request-type.js';
import { releaseAndClose } from './release-and-close.js';

/** A device that was opened for a control request. */
export interface OpenRecipient {
  readonly device: Device;

  /**
   * Releases what was claimed and closes the device. A device that is gone has nothing left to
   * release: that is no failure.
   *
   * @throws UsbError
   */
  close(): Promise<void>;
}

/**
 * Opens a device, and claims the interface that a request is for, if it takes that.
 *
 * @throws UsbError; whatever was opened by then is closed again
 */
export async function openRecipient(
  backend: Backend,
  info: DeviceInfo,
  request: ControlRequest,
  options?: ClaimOptions,
): Promise<OpenRecipient> {
  const number = interfaceToClaim(info, request);
  const device = await backend.open(info);
  if (number === undefined) {
    return { device, close: () => device.close() };
  }
  try {
    // 0 is in force already: nothing is sent to the device.
    const claimed = await device.claim(number, 0, options);
    return { device, close: () => releaseAndClose(device, claimed) };
  } catch (error) {
    await device.close();
    throw error;
  }
}
