import { usb } from 'usb';
import { expect, it } from 'vitest';
import {
  claimError,
  type Holders,
} from '../../../../../src/backends/libusb/linux/access-errors.js';
import { deviceInfo } from '../../../../support/device-info.js';

const INFO = deviceInfo({ bus: 2, address: 3 });
const BUSY = failing(usb.LIBUSB_ERROR_BUSY);

function failing(errno: number): Error {
  return Object.assign(new Error('LIBUSB_WORDS'), { errno });
}

function system(driver: string | undefined, pids: number[] = []): Holders {
  return {
    driverOf: () => driver,
    holdersOf: (file) =>
      file === '/dev/bus/usb/002/003' ? pids.map((pid) => ({ pid, command: `c${pid}` })) : [],
  };
}

it('names the kernel driver', () => {
  expect(claimError(INFO, 1, BUSY, system('usb-storage'))).toMatchObject({
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
  expect(claimError(INFO, 0, BUSY, system('usbfs', pids))).toMatchObject({
    code: 'busy',
    message: `interface 0 is held by ${words}`,
    remedy: undefined,
  });
});

it('says what it can when whoever held it has let go, and of other failures', () => {
  expect(claimError(INFO, 0, BUSY, system(undefined))).toMatchObject({
    code: 'busy',
    message: 'cannot claim interface 0: a kernel driver or another process holds it',
  });
  const gone = claimError(INFO, 0, failing(usb.LIBUSB_ERROR_NO_DEVICE), system('usb-storage'));
  expect(gone).toMatchObject({ code: 'no-device', remedy: undefined });
});
