import { describe, expect, it } from 'vitest';
import { linuxPlatform } from '../../../../../src/backends/libusb/linux/platform.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

const folder = new Folder();
folder.file('sys/bus/usb/devices/1-1/devnum', '2\n');
folder.file('sys/bus/usb/devices/1-2/devnum', '3\n');
folder.file('dev/bus/usb/001/002', '');
const platform = linuxPlatform(folder.path);

const PRESENT = deviceInfo({ path: '1-1', address: 2 });
const WITHOUT_FILE = deviceInfo({ path: '1-2', address: 3 });
const GONE = deviceInfo({ path: '1-1', address: 9 });

describe('before a device is opened', () => {
  it('its file must exist', () => {
    expect(() => platform.checkBeforeOpen(PRESENT)).not.toThrow();
    expect(() => platform.checkBeforeOpen(WITHOUT_FILE)).toThrow(
      expect.objectContaining({ code: 'access', message: expect.stringContaining('/001/003') }),
    );
  });

  it('it may be gone, which libusb reports', () => {
    expect(() => platform.checkBeforeOpen(GONE)).not.toThrow();
  });
});

describe('a device that libusb does not list', () => {
  it('is on the bus: it was plugged in too late for libusb', () => {
    expect(platform.unlistedError(PRESENT)).toMatchObject({
      code: 'no-device',
      message: expect.stringMatching(/^libusb cannot see the device at 1-1: .* udev daemon/),
      remedy: { kind: 'run-again' },
    });
  });

  it('is gone', () => {
    expect(platform.unlistedError(GONE)).toMatchObject({
      code: 'no-device',
      message: 'the device at 1-1 is gone',
      remedy: undefined,
    });
  });
});
