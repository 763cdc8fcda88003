import { usb } from 'usb';
import { expect, it } from 'vitest';
import {
  loadNodeUsb,
  type NodeUsb,
  startAgain,
} from '../../../../../src/backends/libusb/native/node-usb.js';

it.each([
  [
    'libudev.so.1: cannot open shared object file: No such file or directory\nRequire stack: …',
    "cannot load libusb's addon (libudev.so.1: cannot open shared object file: No such file or " +
      'directory)',
    'install-libudev',
  ],
  [
    'No native build was found for platform=linux arch=mips\n    loaded from: …',
    "cannot load libusb's addon (No native build was found for platform=linux arch=mips)",
    'reinstall',
  ],
])('finds what is missing when the addon cannot be loaded: %j', async (words, message, kind) => {
  const cause = new Error(words);
  const load = () => Promise.reject(cause);
  await expect(loadNodeUsb(load)).rejects.toMatchObject({
    code: 'unavailable',
    message,
    remedy: { kind },
    cause,
  });
});

it('reports that libusb does not start', async () => {
  const broken: NodeUsb = Object.create(usb, { INIT_ERROR: { value: -99 } });
  await expect(loadNodeUsb(async () => ({ usb: broken }))).rejects.toMatchObject({
    code: 'unavailable',
    message: 'libusb cannot start (libusb_init: -99)',
  });
});

it('returns the native layer', async () => {
  expect(await loadNodeUsb()).toBe(usb);
});

it('starts another libusb context, with classes of its own', () => {
  const again = [startAgain(), startAgain()];
  expect(new Set([usb, ...again].map(({ Device }) => Device)).size).toBe(3);
  for (const context of again) {
    expect(context.getDeviceList()).toHaveLength(usb.getDeviceList().length);
    expect(context.Device.prototype).toHaveProperty('open');
    expect(context.LIBUSB_TRANSFER_TYPE_BULK).toBe(usb.LIBUSB_TRANSFER_TYPE_BULK);
  }
});
