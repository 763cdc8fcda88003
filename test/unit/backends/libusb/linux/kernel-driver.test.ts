import { expect, it } from 'vitest';
import { driverOf } from '../../../../../src/backends/libusb/linux/interfaces.js';
import { Folder } from '../../../../support/folder.js';

const devices = new Folder();
devices.link('3-1.2:1.0/driver', '../../../../bus/usb/drivers/usb-storage');
devices.link('3-1.2:2.1/driver', '../../../../bus/usb/drivers/usbfs');

it.each([
  [1, 0, 'usb-storage'],
  [2, 1, 'usbfs'],
  [1, 1, undefined],
  [undefined, 0, undefined],
])('in configuration %s, interface %i has the driver %s', (configuration, number, driver) => {
  const info = { path: '3-1.2', activeConfiguration: configuration };
  expect(driverOf(info, number, devices.path)).toBe(driver);
});

it('knows of none where there is no sysfs', () => {
  expect(driverOf({ path: '3-1.2', activeConfiguration: 1 }, 0, '/nowhere')).toBeUndefined();
});
