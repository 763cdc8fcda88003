import { describe, expect, it } from 'vitest';
import {
  busFinding,
  libusbFinding,
  udevFinding,
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
  it('is there with its root hubs', () => {
    const one = system({ [HUB]: '1' });
    expect(busFinding(one)).toMatchObject({ status: 'ok', message: 'the kernel shows 1 USB bus' });
    const two = system({ [HUB]: '1', 'sys/bus/usb/devices/usb2/busnum': '2' });
    expect(busFinding(two)).toMatchObject({
      status: 'ok',
      message: 'the kernel shows 2 USB buses',
    });
  });

  it('is missing without sysfs, and without a controller', () => {
    const nowhere = system({});
    expect(busFinding(nowhere)).toMatchObject({
      id: 'bus',
      device: undefined,
      status: 'problem',
      message: `no USB bus is visible here (${nowhere.devices} is missing)`,
    });
    const empty = system({ 'sys/bus/usb/devices/1-0:1.0/driver': '' });
    expect(busFinding(empty)).toMatchObject({
      status: 'problem',
      message: 'no USB bus is visible here (the kernel has no USB controller)',
    });
  });

  it.each([
    ['Docker', { '.dockerenv': '' }, ['container']],
    ['Podman', { 'run/.containerenv': '' }, ['container']],
    ['cgroups', { 'proc/1/cgroup': '5:devices:/kubepods/pod1\n' }, ['container']],
    ['WSL', { 'proc/version': 'Linux version 5.15.90.1-microsoft-standard-WSL2' }, ['wsl']],
    [
      'a container in WSL',
      { 'proc/version': 'Linux 5.15-microsoft', '.dockerenv': '' },
      ['wsl', 'container'],
    ],
    [
      'a machine',
      { 'proc/version': 'Linux version 6.1.0 (debian)', 'proc/1/cgroup': '0::/init.scope\n' },
      ['machine'],
    ],
  ])('is to be had in %s', (_, files, to) => {
    const { remedy } = busFinding(system(files as Record<string, string>));
    expect(remedy).toEqual({ kind: 'pass-usb-through', to });
  });
});

describe('libusb', () => {
  it('is loaded', async () => {
    expect(await libusbFinding()).toMatchObject({ id: 'libusb', status: 'ok' });
  });

  it('says what it lacks', async () => {
    const fail = () =>
      loadNodeUsb(() => Promise.reject(new Error('libudev.so.1: cannot open shared object file')));
    expect(await libusbFinding(system({}), fail)).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(/^cannot load libusb's addon \(libudev\.so\.1/),
      remedy: { kind: 'install-libudev' },
    });
  });

  it.runIf(process.platform === 'linux')('does not start without device files', async () => {
    const { usb } = await import('usb');
    const broken = { usb: { ...usb, INIT_ERROR: -99 } as typeof usb };
    const start = () => loadNodeUsb(() => Promise.resolve(broken));
    expect(await libusbFinding(system({}), start)).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(
        /^libusb cannot start \(libusb_init: -99\): there is no .*\/dev\/bus\/usb$/,
      ),
      remedy: { kind: 'pass-usb-through', to: ['container'] },
    });
    const withFiles = system({ 'dev/bus/usb/001/001': '' });
    expect(await libusbFinding(withFiles, start)).toMatchObject({
      message: 'libusb cannot start (libusb_init: -99)',
      remedy: { kind: 'debug-libusb' },
    });
  });
});

describe('the udev daemon', () => {
  it('runs where its socket is', () => {
    expect(udevFinding(system({ 'run/udev/control': '' })).status).toBe('ok');
  });

  it('is missed, in a container as well', () => {
    expect(udevFinding(system({ 'run/udev/data': '' }))).toMatchObject({
      status: 'warning',
      remedy: { kind: 'run-udev-daemon', inContainer: false },
    });
    expect(udevFinding(system({ '.dockerenv': '' })).remedy).toEqual({
      kind: 'run-udev-daemon',
      inContainer: true,
    });
  });
});
