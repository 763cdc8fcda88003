import { usb } from 'usb';
import { expect, it } from 'vitest';
import { controlError } from '../../../../../src/backends/libusb/linux/access-errors.js';
import { deviceWith, setting } from '../../../../support/device-info.js';

const INFO = deviceWith(setting(0, 0, 0x81), setting(3, 0, 0x82));
const REFUSED = failing(usb.LIBUSB_ERROR_IO);

const TO_INTERFACE_3 = { requestType: 0x21, request: 1, value: 0, index: 3 };

function failing(errno: number): Error {
  return Object.assign(new Error('LIBUSB_WORDS'), { errno });
}

/** Interface 3 is held by the driver, and no other is. */
function system(driver: string | undefined) {
  return {
    driverOf: (_: unknown, number: number) => (number === 3 ? driver : undefined),
    holdersOf: () => [{ pid: 8, command: 'other' }],
  };
}

it.each([
  ['an interface', TO_INTERFACE_3],
  ['its endpoint', { ...TO_INTERFACE_3, requestType: 0x22, index: 0x82 }],
])('tells who holds what a request to %s needs', (_, request) => {
  expect(controlError(INFO, request, [0], REFUSED, system('snd-usb-audio'))).toMatchObject({
    code: 'busy',
    message: 'interface 3 is held by the kernel driver snd-usb-audio',
    remedy: { kind: 'detach-driver', driver: 'snd-usb-audio' },
  });
  expect(controlError(INFO, request, [0], REFUSED, system('usbfs'))).toMatchObject({
    code: 'busy',
    message: 'interface 3 is held by another process: other (PID 8)',
  });
});

it.each([
  ['nobody holds it', TO_INTERFACE_3, [], undefined],
  ['it is claimed here', TO_INTERFACE_3, [3], 'usbfs'],
  ['the request is a vendor’s', { ...TO_INTERFACE_3, requestType: 0x41 }, [], 'usbfs'],
  ['the request is to the device', { ...TO_INTERFACE_3, requestType: 0x20 }, [], 'usbfs'],
])('blames nobody where %s', (_, request, own, driver) => {
  expect(controlError(INFO, request, own, REFUSED, system(driver))).toMatchObject({
    code: 'io',
    message: 'cannot send the control request: input/output error',
  });
});

it('tells of other failures as they are', () => {
  const gone = failing(usb.LIBUSB_ERROR_NO_DEVICE);
  expect(controlError(INFO, TO_INTERFACE_3, [], gone, system('usbfs')).code).toBe('no-device');
});
