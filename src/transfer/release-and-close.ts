import type { Device, Interface } from '../usb/backend.js';
import { UsbError } from '../usb/errors.js';

/**
 * Releases an interface and closes its device, whatever comes of the first. A device that is gone has
 * nothing left to release: that is no failure.
 *
 * @throws UsbError
 */
export async function releaseAndClose(device: Device, claimed: Interface): Promise<void> {
  try {
    await claimed.release();
  } catch (error) {
    if (!(error instanceof UsbError && error.code === 'no-device')) {
      throw error;
    }
  } finally {
    await device.close();
  }
}
