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
  it('is on the bus: it was plugged in a moment ago', () => {
    expect(platform.unlistedError(PRESENT)).toMatchObject({
      code: 'no-device',
      message: expect.stringMatching(/^libusb does not list the device at 1-1 yet/),
      remedy: { kind: 'run-again' },
    });
  });

  it('will be reported to libusb only if a udev daemon is running', () => {
    expect(platform.presenceOf(PRESENT)).toBe('unreported');
    const udev = new Folder();
    udev.file('sys/bus/usb/devices/1-1/devnum', '2\n');
    udev.file('run/udev/control', '');
    expect(linuxPlatform(udev.path).presenceOf(PRESENT)).toBe('reported');
  });

  it('is gone', () => {
    expect(platform.presenceOf(GONE)).toBe('gone');
    expect(platform.unlistedError(GONE)).toMatchObject({
      code: 'no-device',
      message: 'the device at 1-1 is gone',
      remedy: undefined,
    });
  });
});
