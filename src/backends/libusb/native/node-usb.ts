import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
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
  return checkStarted(usb);
}

/**
 * Loads node-usb once more, with a libusb context of its own, which lists the devices that are on the
 * bus now. Handles of earlier contexts stay valid. A context cannot be freed: until the process exits,
 * each one keeps a thread, two descriptors and about 250 KB.
 *
 * @throws UsbError `unavailable`
 */
export function startAgain(): NodeUsb {
  const require = createRequire(import.meta.url);
  const folder = dirname(dirname(require.resolve('usb'))) + sep;
  // Node runs the initialisation of an addon each time it loads it, which creates a context.
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(folder)) {
      delete require.cache[file];
    }
  }
  const { usb }: { usb: NodeUsb } = require('usb');
  return checkStarted(usb);
}

function checkStarted(usb: NodeUsb): NodeUsb {
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
