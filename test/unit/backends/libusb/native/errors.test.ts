import { usb } from 'usb';
import { expect, it } from 'vitest';
import {
  operationError,
  transferStatus,
} from '../../../../../src/backends/libusb/native/errors.js';

it.each([
  [usb.LIBUSB_TRANSFER_ERROR, 'error'],
  [usb.LIBUSB_TRANSFER_TIMED_OUT, 'timed-out'],
  [usb.LIBUSB_TRANSFER_CANCELLED, 'cancelled'],
  [usb.LIBUSB_TRANSFER_STALL, 'stall'],
  [usb.LIBUSB_TRANSFER_NO_DEVICE, 'no-device'],
  [usb.LIBUSB_TRANSFER_OVERFLOW, 'overflow'],
  [99, 'error'],
])('reads transfer status %i as %s', (errno, status) => {
  expect(transferStatus({ errno })).toBe(status);
});

it('reads no error as completed', () => {
  expect(transferStatus(undefined)).toBe('completed');
});

it.each([
  [usb.LIBUSB_ERROR_IO, 'io'],
  [usb.LIBUSB_ERROR_INVALID_PARAM, 'invalid'],
  [usb.LIBUSB_ERROR_ACCESS, 'access'],
  [usb.LIBUSB_ERROR_NO_DEVICE, 'no-device'],
  [usb.LIBUSB_ERROR_NOT_FOUND, 'not-found'],
  [usb.LIBUSB_ERROR_BUSY, 'busy'],
  [usb.LIBUSB_ERROR_TIMEOUT, 'timed-out'],
  [usb.LIBUSB_ERROR_PIPE, 'stall'],
  [usb.LIBUSB_ERROR_NO_MEM, 'no-memory'],
  [usb.LIBUSB_ERROR_NOT_SUPPORTED, 'not-supported'],
  [usb.LIBUSB_ERROR_OTHER, 'other'],
  [undefined, 'other'],
])('reads libusb error %s as %s', (errno, code) => {
  const cause = Object.assign(new Error('LIBUSB_WORDS'), { errno });
  const error = operationError('cannot do it', cause);
  expect(error).toMatchObject({ name: 'UsbError', code, cause });
  expect(error.message).toMatch(/^cannot do it: /);
});
