import { UsbError } from '../../usb/errors.js';
import { call } from './call.js';
import type { NativeDevice } from './node-usb.js';

/** @throws UsbError as `Device.reset` */
export async function resetDevice(native: Pick<NativeDevice, 'reset'>): Promise<void> {
  try {
    await call('cannot reset the device', (done) => native.reset(done));
  } catch (error) {
    throw error instanceof UsbError ? resetFailure(error) : error;
  }
}

/**
 * libusb answers `not-found` when the device became another one, or went away. What else can go wrong
 * on Linux has no code of its own there.
 */
function resetFailure({ code, message, cause }: UsbError): UsbError {
  switch (code) {
    case 'not-found':
    case 'no-device':
      return new UsbError('no-device', 'the device did not come back from the reset as it was', {
        cause,
      });
    case 'other':
      return new UsbError('io', message, { cause });
    default:
      return new UsbError(code, message, { cause });
  }
}
