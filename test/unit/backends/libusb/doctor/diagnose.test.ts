import { chmodSync } from 'node:fs';
import { expect, it } from 'vitest';
import { diagnose } from '../../../../../src/backends/libusb/doctor/diagnose.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import type { CheckResult } from '../../../../../src/usb/check-result.js';
import { deviceInfo, setting } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

const configurations = [{ value: 1, settings: [setting(0, 0, 0x81)] }];
const STICK = deviceInfo({ path: '1-1', address: 2, configurations });
const BUSY = deviceInfo({ path: '1-2', address: 3, configurations });
const FREE = deviceInfo({ path: '1-3', address: 4, configurations });

/** A system with a device that a driver holds, one that a process holds, and a free one. */
function system() {
  const folder = new Folder();
  folder.file('sys/bus/usb/devices/usb1/busnum', '1');
  folder.link('sys/bus/usb/devices/1-1:1.0/driver', '/sys/bus/usb/drivers/usb-storage');
  folder.link('sys/bus/usb/devices/1-2:1.0/driver', '/sys/bus/usb/drivers/usbfs');
  folder.file('sys/bus/usb/devices/1-3/power/control', 'auto\n');
  folder.file('sys/bus/usb/devices/1-3/power/autosuspend_delay_ms', '2000\n');
  const [, busy = ''] = ['002', '003', '004'].map((name) => {
    const file = folder.file(`dev/bus/usb/001/${name}`, '');
    chmodSync(file, 0o600);
    return file;
  });
  folder.link('proc/77/fd/9', busy);
  folder.file('proc/77/comm', 'reader\n');
  folder.file('run/udev/control', '');
  return systemFiles(folder.path);
}

const short = ({ id, status }: CheckResult) => `${id} ${status}`;
const of = (results: CheckResult[], path: string | undefined) =>
  results.filter(({ device }) => device === path);

it('checks the system, and each device', async () => {
  const results = await diagnose([STICK, BUSY, FREE], system(), () =>
    Promise.reject(new Error('the device is opened')),
  );
  expect(of(results, undefined).map(short)).toEqual(['bus ok', 'libusb ok', 'udev ok']);
  expect(of(results, '1-1').map(short)).toEqual([
    'access ok',
    'driver problem',
    'holder ok',
    'link ok',
  ]);
  expect(of(results, '1-2').map(short)).toEqual([
    'access ok',
    'driver ok',
    'holder problem',
    'link ok',
  ]);
  expect(of(results, '1-2').find(({ id }) => id === 'holder')?.message).toContain(
    'reader (PID 77)',
  );
  expect(of(results, '1-3').map(short)).toEqual([
    'access ok',
    'driver ok',
    'holder ok',
    'link ok',
    'autosuspend warning',
  ]);
});

it('checks the system alone where there are no devices', async () => {
  const results = await diagnose([], system(), () =>
    Promise.reject(new Error('the device is opened')),
  );
  expect(results.map(({ device }) => device)).toEqual([undefined, undefined, undefined]);
});
