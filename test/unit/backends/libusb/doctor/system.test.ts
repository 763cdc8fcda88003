import { describe, expect, it } from 'vitest';
import {
  checkBus,
  checkLibusb,
  checkUdev,
} from '../../../../../src/backends/libusb/doctor/system.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import { loadNodeUsb } from '../../../../../src/backends/libusb/native/node-usb.js';
import { Folder } from '../../../../support/folder.js';

const HUB = 'sys/bus/usb/devices/usb1/busnum';

/** A system with these files. */
function system(files: Record<string, string>) {
  const folder = new Folder();
  for (const [name, content] of Object.entries(files)) {
    folder.file(name, content);
  }
  return systemFiles(folder.path);
}

describe('the bus', () => {
  it('is visible by its root hubs', () => {
    const one = system({ [HUB]: '1' });
    expect(checkBus(one)).toMatchObject({ status: 'ok', message: 'the kernel shows 1 USB bus' });
    const two = system({ [HUB]: '1', 'sys/bus/usb/devices/usb2/busnum': '2' });
    expect(checkBus(two)).toMatchObject({
      status: 'ok',
      message: 'the kernel shows 2 USB buses',
    });
  });

  it('is missing without sysfs, and without a controller', () => {
    const nowhere = system({});
    expect(checkBus(nowhere)).toMatchObject({
      id: 'bus',
      device: undefined,
      status: 'problem',
      message: `no USB bus is visible here (${nowhere.devices} is missing)`,
    });
    const empty = system({ 'sys/bus/usb/devices/1-0:1.0/driver': '' });
    expect(checkBus(empty)).toMatchObject({
      status: 'problem',
      message: 'no USB bus is visible here (the kernel has no USB controller)',
    });
  });

  it('may be passed through', () => {
    expect(checkBus(system({ '.dockerenv': '' })).remedy).toEqual({
      kind: 'pass-usb-through',
      to: ['container'],
    });
  });
});

describe('libusb', () => {
  it('is loaded', async () => {
    expect(await checkLibusb()).toMatchObject({ id: 'libusb', status: 'ok' });
  });

  it('that cannot be loaded: says what is missing', async () => {
    const fail = () =>
      loadNodeUsb(() => Promise.reject(new Error('libudev.so.1: cannot open shared object file')));
    expect(await checkLibusb(system({}), fail)).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(/^cannot load libusb's addon \(libudev\.so\.1/),
      remedy: { kind: 'install-libudev' },
    });
  });

  it('does not start without device files', async () => {
    const { usb } = await import('usb');
    const broken = { usb: { ...usb, INIT_ERROR: -99 } as typeof usb };
    const start = () => loadNodeUsb(() => Promise.resolve(broken));
    expect(await checkLibusb(system({}), start)).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(
        /^libusb cannot start \(libusb_init: -99\): there is no .*\/dev\/bus\/usb$/,
      ),
      remedy: { kind: 'pass-usb-through', to: ['container'] },
    });
    const withFiles = system({ 'dev/bus/usb/001/001': '' });
    expect(await checkLibusb(withFiles, start)).toMatchObject({
      message: 'libusb cannot start (libusb_init: -99)',
      remedy: { kind: 'debug-libusb' },
    });
  });
});

describe('the udev daemon', () => {
  it('is running where its socket is', () => {
    expect(checkUdev(system({ 'run/udev/control': '' })).status).toBe('ok');
  });

  it('is missing', () => {
    expect(checkUdev(system({ 'run/udev/data': '' }))).toMatchObject({
      status: 'warning',
      remedy: { kind: 'run-udev-daemon' },
    });
  });

  it('is not needed in a container', () => {
    expect(checkUdev(system({ '.dockerenv': '' }))).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/in this container, and none is needed$/),
    });
  });
});
