import { usb } from 'usb';
import type { NodeUsb } from '../../src/backends/libusb/native/node-usb.js';

/*
 * A node-usb without libusb. Test files share it, because they share the modules of `src`, which load
 * node-usb once.
 */

/** The devices that it lists. */
export const listed: unknown[] = [];

/** Fails every submit as Linux does for an interface of another process. */
export const FAKE_USB = {
  ...usb,
  INIT_ERROR: 0,
  getDeviceList: () => listed,
  Transfer: class {
    submit(): never {
      throw libusbError(usb.LIBUSB_ERROR_IO);
    }
  },
} as unknown as NodeUsb;

/** Returns an error as node-usb throws it. */
export function libusbError(errno: number): Error {
  return Object.assign(new Error('LIBUSB_WORDS'), { errno });
}
