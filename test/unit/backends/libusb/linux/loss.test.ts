import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bindingOf } from '../../../../../src/backends/libusb/linux/interfaces.js';
import { lossOf } from '../../../../../src/backends/libusb/linux/loss.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

const DEVICE = deviceInfo({ path: '1-1', address: 2, configurationValue: 1 });

/** A bus with the device. */
function bus({ address = 2, authorized = 1, configuration = '1' } = {}): Folder {
  const folder = new Folder();
  folder.file('sys/bus/usb/devices/1-1/devnum', `${address}\n`);
  folder.file('sys/bus/usb/devices/1-1/authorized', `${authorized}\n`);
  folder.file('sys/bus/usb/devices/1-1/bConfigurationValue', `${configuration}\n`);
  return folder;
}

describe('a device', () => {
  it.each([
    ['is usable', {}, undefined],
    ['is gone, and another one is at its port', { address: 3 }, 'disconnected'],
    ['is not authorized', { authorized: 0, configuration: '' }, 'deauthorized'],
    ['has no configuration', { configuration: '' }, 'deconfigured'],
    ['has another configuration', { configuration: '2' }, 'deconfigured'],
  ] as const)('%s', async (_, state, loss) => {
    expect(await lossOf(DEVICE, undefined, systemFiles(bus(state).path))).toBe(loss);
  });

  it('is gone from its port', async () => {
    expect(await lossOf(DEVICE, false, systemFiles(new Folder().path))).toBe('disconnected');
  });

  it('is usable on a system that does not show authorization', async () => {
    const folder = new Folder();
    folder.file('sys/bus/usb/devices/1-1/devnum', '2\n');
    expect(await lossOf(DEVICE, false, systemFiles(folder.path))).toBe(undefined);
  });

  it('with a lost claim was reset, unless something else explains it', async () => {
    expect(await lossOf(DEVICE, true, systemFiles(bus().path))).toBe('reset');
    const deconfigured = systemFiles(bus({ configuration: '' }).path);
    expect(await lossOf(DEVICE, true, deconfigured)).toBe('deconfigured');
    const deauthorized = systemFiles(bus({ authorized: 0 }).path);
    expect(await lossOf(DEVICE, true, deauthorized)).toBe('deauthorized');
  });
});

describe('the binding of an interface', () => {
  it('is another one after it is bound again, even to the same driver', () => {
    const folder = new Folder();
    const system = systemFiles(folder.path);
    expect(bindingOf(DEVICE, 0, system)).toBe(undefined);
    folder.link('sys/bus/usb/devices/1-1:1.0/driver', '../usbfs');
    const first = bindingOf(DEVICE, 0, system);
    expect(first).toMatch(/^\d+$/);
    expect(bindingOf(DEVICE, 0, system)).toBe(first);
    folder.link('sys/bus/usb/devices/1-1:1.0/new', '../usbfs'); // keeps the number of the first taken
    const driver = join(folder.path, 'sys/bus/usb/devices/1-1:1.0/driver');
    renameSync(join(dirname(driver), 'new'), driver);
    expect(bindingOf(DEVICE, 0, system)).not.toBe(first);
  });
});
