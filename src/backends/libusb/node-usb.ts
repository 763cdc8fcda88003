import type { usb as Usb } from 'usb';
import { UsbError } from '../../usb/errors.js';

export type { Device as NativeDevice, Transfer as NativeTransfer } from 'usb';

/** The native layer. */
export type NodeUsb = typeof Usb;

/**
 * Loads node-usb, which loads libusb and starts its event thread: only for work that needs it.
 *
 * @throws UsbError `unavailable`, saying what is likely missing
 */
export async function loadNodeUsb(): Promise<NodeUsb> {
  let usb: NodeUsb;
  try {
    ({ usb } = await import('usb'));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new UsbError(
      'unavailable',
      `cannot load libusb's addon (${detail}); on Linux it needs libudev (Debian: apt install libudev1)`,
      { cause },
    );
  }
  if (usb.INIT_ERROR !== 0) {
    throw new UsbError('unavailable', `libusb cannot start (libusb_init: ${usb.INIT_ERROR})`);
  }
  return usb;
}
