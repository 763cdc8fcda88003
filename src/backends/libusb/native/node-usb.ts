import type { Device as NativeDevice, usb as Usb } from 'usb';
import { toError, UsbError } from '../../../usb/errors.js';
import type { DeviceInfo } from '../../../usb/model.js';

export type { Transfer as NativeTransfer } from 'usb';
export type { NativeDevice };

/** The native layer. */
export type NodeUsb = typeof Usb;

/**
 * Loads node-usb, which loads libusb and starts its event thread: call it only if that is needed.
 *
 * @param load another way to load it, for tests
 * @throws UsbError `unavailable`, with a remedy for the likely cause
 */
export async function loadNodeUsb(
  load: () => Promise<{ usb: NodeUsb }> = () => import('usb'),
): Promise<NodeUsb> {
  let usb: NodeUsb;
  try {
    ({ usb } = await load());
  } catch (cause) {
    const detail = toError(cause).message.split('\n', 1)[0] ?? '';
    const kind = detail.includes('libudev') ? 'install-libudev' : 'reinstall';
    throw new UsbError('unavailable', `cannot load libusb's addon (${detail})`, {
      cause,
      remedy: { kind },
    });
  }
  if (usb.INIT_ERROR !== 0) {
    throw new UsbError('unavailable', `libusb cannot start (libusb_init: ${usb.INIT_ERROR})`);
  }
  return usb;
}

/** Finds the device that libusb lists at a bus and address; undefined if it lists none. */
export function findNative(
  usb: Pick<NodeUsb, 'getDeviceList'>,
  { bus, address }: Pick<DeviceInfo, 'bus' | 'address'>,
): NativeDevice | undefined {
  return usb
    .getDeviceList()
    .find((device) => device.busNumber === bus && device.deviceAddress === address);
}
