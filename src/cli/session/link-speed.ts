import type { Backend, Device } from '../../usb/backend.js';
import { requestBos } from '../../usb/descriptors/bos.js';
import { advertisedSpeed, mayBeSuperSpeed, USB_2_SPEED } from '../../usb/speed.js';
import type { Notices } from '../progress/notices.js';

/**
 * Prints a notice if a device that could run faster is in a USB 2 port. Asks the device for its BOS
 * descriptor if the system does not show it. Does not fail.
 */
export async function noticeSlowLink(
  backend: Pick<Backend, 'descriptors'>,
  device: Device,
  notices: Pick<Notices, 'slowLink'>,
): Promise<void> {
  const { speed, usbVersion } = device.info;
  if (speed === undefined || speed > USB_2_SPEED) {
    return;
  }
  try {
    const bos = mayBeSuperSpeed(device.info) ? await bosOf(backend, device) : undefined;
    const fastest = advertisedSpeed(usbVersion, bos) ?? speed;
    if (fastest > USB_2_SPEED) {
      notices.slowLink(speed, fastest);
    }
  } catch {
    // The stream will show whether the device works.
  }
}

async function bosOf(
  backend: Pick<Backend, 'descriptors'>,
  device: Device,
): Promise<Uint8Array | undefined> {
  const { bos } = await backend.descriptors(device.info);
  return bos ?? requestBos(device);
}
