import { usb } from 'usb';
import { expect, it } from 'vitest';
import { resetDevice } from '../../../../../src/backends/libusb/native/device.js';

/** A device whose reset fails with an error; 0 for none. */
function deviceWith(errno: number) {
  const error = Object.assign(new Error('LIBUSB_WORDS'), { errno });
  return {
    reset: (done: (error?: Error & { errno: number }) => void) =>
      setImmediate(() => (errno === 0 ? done() : done(error))),
  };
}

it('resets a device', async () => {
  await expect(resetDevice(deviceWith(0))).resolves.toBeUndefined();
});

it.each([
  [usb.LIBUSB_ERROR_NOT_FOUND, 'no-device', /did not come back .* as it was/],
  [usb.LIBUSB_ERROR_NO_DEVICE, 'no-device', /did not come back .* as it was/],
  [usb.LIBUSB_ERROR_OTHER, 'io', /^cannot reset the device: LIBUSB_WORDS$/],
  [usb.LIBUSB_ERROR_IO, 'io', /^cannot reset the device: input\/output error$/],
  [usb.LIBUSB_ERROR_NOT_SUPPORTED, 'not-supported', /^cannot reset the device/],
])('reports error %i as %s', async (errno, code, message) => {
  await expect(resetDevice(deviceWith(errno))).rejects.toMatchObject({
    name: 'UsbError',
    code,
    message: expect.stringMatching(message),
    cause: expect.objectContaining({ errno }),
  });
});

it('reports that node-usb refuses to reset', async () => {
  const native = {
    reset: () => {
      throw new Error('Device is not open');
    },
  };
  await expect(resetDevice(native)).rejects.toMatchObject({ name: 'UsbError', code: 'io' });
});
