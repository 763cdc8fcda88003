import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { usb } from 'usb';
import { describe, expect, it } from 'vitest';
import {
  claimError,
  controlError,
  inUseError,
  missingFile,
  openError,
} from '../../../../../src/backends/libusb/linux/access-errors.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import { deviceInfo, deviceWith, setting } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

function failing(errno: number): Error {
  return Object.assign(new Error('LIBUSB_WORDS'), { errno });
}

describe('a device that cannot be opened', () => {
  const INFO = deviceInfo({ bus: 2, address: 3, vid: 0x12, pid: 0xabcd, serial: '", RUN+="' });
  const REFUSED = failing(usb.LIBUSB_ERROR_ACCESS);
  const folder = new Folder();
  const system = systemFiles(folder.path);
  const file = folder.file('dev/bus/usb/002/003', '');
  chmodSync(file, 0o640);
  const { uid, gid } = statSync(file);
  folder.file('etc/passwd', `owner:x:${uid}:${gid}\n`);
  folder.file('etc/group', `owners:x:${gid}:\n`);

  it('for lack of permission: names the file, its owner and mode, and the rule', () => {
    expect(openError(INFO, REFUSED, system)).toMatchObject({
      code: 'access',
      message: `cannot open 1-1 (0012:abcd): permission denied for ${file} (owner:owners, 0640)`,
      remedy: { kind: 'add-udev-rule', vid: 0x12, pid: 0xabcd, isAtSeat: false },
    });
  });

  it('by a user who is logged in at the machine: says so', () => {
    const uid = process.getuid?.();
    const seat = folder.file('run/systemd/seats/seat0', `UIDS=${uid}\nACTIVE_UID=${uid}1\n`);
    expect(openError(INFO, REFUSED, system).remedy).toMatchObject({ isAtSeat: false });
    writeFileSync(seat, `ACTIVE_UID=${uid}\nUIDS=${uid} 120\n`);
    expect(openError(INFO, REFUSED, system).remedy).toMatchObject({ isAtSeat: true });
  });

  it('and whose file is gone by then: leaves out owner and mode', () => {
    const { message } = openError(deviceInfo({ bus: 9, address: 9 }), REFUSED, system);
    expect(message).toMatch(/permission denied for .*\/009\/009$/);
  });

  it('for another reason: reports that', () => {
    expect(openError(INFO, failing(usb.LIBUSB_ERROR_IO), system)).toMatchObject({
      code: 'io',
      message: `cannot open ${file}: input/output error`,
    });
  });

  it('for lack of its file, or of all such files', () => {
    expect(missingFile(INFO, system)).toBeUndefined();
    expect(missingFile(deviceInfo({ bus: 2, address: 4 }), system)).toMatchObject({
      code: 'access',
      message: expect.stringMatching(/^cannot open .*\/002\/004: that file is missing$/),
      remedy: { kind: 'pass-usb-through', to: ['container'] },
    });
    const bare = systemFiles(`${folder.path}/bare`);
    expect(missingFile(INFO, bare)?.message).toMatch(new RegExp(`: there is no ${bare.files}$`));
  });
});

/** A system in which an interface of the device at 1-1 has a driver, and processes its file open. */
function systemWith(interfaceNumber: number, driver: string | undefined, pids: number[]) {
  const folder = new Folder();
  const system = systemFiles(folder.path);
  if (driver !== undefined) {
    folder.link(`sys/bus/usb/devices/1-1:1.${interfaceNumber}/driver`, `../drivers/${driver}`);
  }
  for (const pid of pids) {
    folder.link(`proc/${pid}/fd/5`, `${system.files}/001/002`);
    folder.file(`proc/${pid}/comm`, `c${pid}\n`);
  }
  return system;
}

describe('an interface that cannot be claimed', () => {
  const BUSY = failing(usb.LIBUSB_ERROR_BUSY);
  const INFO = deviceInfo();

  it('names the kernel driver', () => {
    expect(claimError(INFO, 1, BUSY, systemWith(1, 'usb-storage', []))).toMatchObject({
      code: 'busy',
      message: 'interface 1 is held by the kernel driver usb-storage',
      remedy: { kind: 'detach-driver', driver: 'usb-storage' },
      cause: BUSY,
    });
  });

  it.each([
    [[], 'another process'],
    [[8], 'another process: c8 (PID 8)'],
    [[8, 9], 'another process, one of c8 (PID 8), c9 (PID 9)'],
    [[1, 2, 3, 4, 5], 'another process, one of c1 (PID 1), c2 (PID 2), c3 (PID 3), c4 (PID 4), …'],
  ])('names the processes %j', (pids, words) => {
    expect(claimError(INFO, 0, BUSY, systemWith(0, 'usbfs', pids))).toMatchObject({
      code: 'busy',
      message: `interface 0 is held by ${words}`,
      remedy: { kind: 'end-process', pids },
    });
  });

  it('is missing, because the device has lost its configuration or has another one', () => {
    const missing = failing(usb.LIBUSB_ERROR_NOT_FOUND);
    const withConfiguration = (value: string) => {
      const folder = new Folder();
      folder.file('sys/bus/usb/devices/1-1/bConfigurationValue', `${value}\n`);
      return claimError(INFO, 0, missing, systemFiles(folder.path));
    };
    expect(withConfiguration('')).toMatchObject({
      code: 'not-found',
      message: 'cannot claim interface 0: the device has no configuration any more',
      remedy: { kind: 'configure', path: '1-1', configuration: 1 },
      cause: missing,
    });
    expect(withConfiguration('2')).toMatchObject({
      code: 'not-found',
      message: 'cannot claim interface 0: the device has changed to configuration 2',
      remedy: { kind: 'run-again' },
    });
    expect(withConfiguration('1')).toMatchObject({
      code: 'not-found',
      message: 'cannot claim interface 0: the device has no such interface or endpoint now',
    });
  });

  it('names no holder that has let go, nor for another failure', () => {
    expect(claimError(INFO, 0, BUSY, systemWith(0, undefined, []))).toMatchObject({
      code: 'busy',
      message: 'cannot claim interface 0: a kernel driver or another process holds it',
    });
    const gone = failing(usb.LIBUSB_ERROR_NO_DEVICE);
    expect(claimError(INFO, 0, gone, systemWith(0, 'usb-storage', []))).toMatchObject({
      code: 'no-device',
      remedy: undefined,
    });
  });
});

describe('a device that is about to be reset', () => {
  const INFO = deviceWith(setting(0, 0, 0x81), setting(3, 0, 0x82));

  it.each([
    [3, 'usbfs', [8], 'c8 (PID 8)'],
    [0, 'usbfs', [], 'another process'],
    [3, 'usb-storage', [8, 9], 'c8 (PID 8), c9 (PID 9)'],
    [0, undefined, [9], 'c9 (PID 9)'],
  ])('is in use: interface %i with driver %s, processes %j', (number, driver, pids, who) => {
    expect(inUseError(INFO, systemWith(number, driver, pids))).toMatchObject({
      code: 'busy',
      message: `1-1 (1234:5678) is in use by ${who}`,
      remedy: { kind: 'end-process', pids },
    });
  });

  it('is not in use: a kernel driver is no process', () => {
    expect(inUseError(INFO, systemWith(0, 'usb-storage', []))).toBeUndefined();
    expect(inUseError(INFO, systemWith(0, 'usbfs', [process.pid]))?.message).toContain(
      'by another',
    );
    expect(inUseError(INFO, systemWith(0, undefined, [process.pid]))).toBeUndefined();
  });
});

describe('a control request that cannot be sent', () => {
  const INFO = deviceWith(setting(0, 0, 0x81), setting(3, 0, 0x82));
  const REFUSED = failing(usb.LIBUSB_ERROR_IO);
  const TO_INTERFACE_3 = { requestType: 0x21, request: 1, value: 0, index: 3 };

  it.each([
    ['an interface', TO_INTERFACE_3],
    ['its endpoint', { ...TO_INTERFACE_3, requestType: 0x22, index: 0x82 }],
  ])('to %s: names who holds it', (_, request) => {
    const driven = systemWith(3, 'snd-usb-audio', []);
    expect(controlError(INFO, request, [0], REFUSED, driven)).toMatchObject({
      code: 'busy',
      message: 'interface 3 is held by the kernel driver snd-usb-audio',
      remedy: { kind: 'detach-driver', driver: 'snd-usb-audio' },
    });
    expect(controlError(INFO, request, [0], REFUSED, systemWith(3, 'usbfs', [8]))).toMatchObject({
      code: 'busy',
      message: 'interface 3 is held by another process: c8 (PID 8)',
    });
  });

  it.each([
    ['the interface is free', TO_INTERFACE_3, [], undefined],
    ['it is claimed here', TO_INTERFACE_3, [3], 'usbfs'],
    ['the request is a vendor’s', { ...TO_INTERFACE_3, requestType: 0x41 }, [], 'usbfs'],
    ['the request is to the device', { ...TO_INTERFACE_3, requestType: 0x20 }, [], 'usbfs'],
  ])('names no holder where %s', (_, request, own, driver) => {
    expect(controlError(INFO, request, own, REFUSED, systemWith(3, driver, []))).toMatchObject({
      code: 'io',
      message: 'cannot send the control request: input/output error',
    });
  });

  it('reports other failures as they are', () => {
    const gone = failing(usb.LIBUSB_ERROR_NO_DEVICE);
    const system = systemWith(3, 'usbfs', []);
    expect(controlError(INFO, TO_INTERFACE_3, [], gone, system).code).toBe('no-device');
  });
});
