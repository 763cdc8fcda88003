import { describe, expect, it } from 'vitest';
import {
  checkDrivers,
  checkHolders,
  readMounts,
} from '../../../../../src/backends/libusb/doctor/in-use.js';
import type { DeviceState, InterfaceState } from '../../../../../src/usb/backend.js';
import { deviceWith, setting } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

const ONE = deviceWith(setting(0, 0, 0x81));
/** Interface 1 has no IN endpoint. */
const TWO = deviceWith(setting(0, 0, 0x81), setting(1, 0, 0x02), setting(2, 0, 0x83));

function state(...interfaces: Partial<InterfaceState>[]): DeviceState {
  return {
    accessible: true,
    node: undefined,
    interfaces: interfaces.map((one) => ({
      interfaceNumber: 0,
      name: undefined,
      driver: undefined,
      nodes: [],
      ...one,
    })),
  };
}

const ROOT = { uid: 0, gids: [0], accessError: () => undefined };
const ANN = { ...ROOT, uid: 4242 };
const STORAGE = state({ driver: 'usb-storage', nodes: ['/dev/sdb'] });

describe('a kernel driver', () => {
  it('that holds nothing', () => {
    const free = [{ id: 'driver', device: '1-1', status: 'ok' }];
    expect(checkDrivers(ONE, state(), [])).toMatchObject(free);
    expect(checkDrivers(ONE, state({ driver: 'usbfs' }), [])).toMatchObject(free);
    expect(checkDrivers(TWO, state({ interfaceNumber: 1, driver: 'usbhid' }), [])).toMatchObject(
      free,
    );
  });

  it('that holds the interface: its name and what it created', () => {
    expect(checkDrivers(ONE, STORAGE, [])).toEqual([
      {
        id: 'driver',
        device: '1-1',
        status: 'problem',
        message: 'interface 0 is held by the kernel driver usb-storage, which created /dev/sdb',
        remedy: { kind: 'detach-driver', driver: 'usb-storage' },
      },
    ]);
  });

  it('that created its file for another interface', () => {
    const acm = [
      { interfaceNumber: 1, driver: 'cdc_acm', nodes: ['/dev/ttyACM0'] },
      { interfaceNumber: 2, driver: 'cdc_acm' },
    ];
    const [result, ...more] = checkDrivers(TWO, state(...acm), []);
    expect(more).toEqual([]);
    expect(result?.message).toBe(
      'interface 2 is held by the kernel driver cdc_acm, which created /dev/ttyACM0',
    );
  });

  it('is a problem when nothing else can be read', () => {
    const first = { interfaceNumber: 0, driver: 'a' };
    const second = { interfaceNumber: 2, driver: 'b' };
    const statuses = (...held: Partial<InterfaceState>[]) =>
      checkDrivers(TWO, state(...held), []).map(({ status }) => status);
    expect(statuses(first)).toEqual(['warning']);
    expect(statuses(first, second)).toEqual(['problem', 'problem']);
    expect(statuses(first, { interfaceNumber: 2, driver: 'usbfs' })).toEqual(['problem']);
  });

  it('whose disk is mounted', () => {
    const mounts = ['/dev/sdb', '/dev/sdb1', '/dev/sdb12', '/dev/sdbc', '/dev/sd', '/dev/sdc1'].map(
      (source) => ({ source, target: '/media/stick' }),
    );
    const found = checkDrivers(ONE, STORAGE, mounts).filter(({ id }) => id === 'mounted');
    expect(found.map(({ remedy }) => remedy)).toEqual(
      ['/dev/sdb', '/dev/sdb1', '/dev/sdb12'].map((source) => ({ kind: 'unmount', source })),
    );
    expect(found[0]).toMatchObject({
      device: '1-1',
      status: 'warning',
      message:
        '/dev/sdb is mounted at /media/stick: detaching the driver would remove it while in use',
    });
  });

  it('whose disk is mounted many times: reports a few', () => {
    const mounts = Array.from({ length: 100 }, (_, i) => ({
      source: '/dev/sdb1',
      target: `/${i}`,
    }));
    expect(checkDrivers(ONE, STORAGE, mounts)).toHaveLength(5);
  });
});

it('reads the mounts of devices, with unquoted names', () => {
  const proc = new Folder();
  proc.file(
    'self/mounts',
    [
      'proc /proc proc rw 0 0',
      '/dev/sdb1 /media/my\\040stick\\134 vfat rw 0 0',
      '/dev/$(reboot) /mnt ext4 rw 0 0',
      '',
    ].join('\n'),
  );
  expect(readMounts({ proc: proc.path })).toEqual([
    { source: '/dev/sdb1', target: '/media/my stick\\' },
  ]);
  expect(readMounts({ proc: '/nowhere' })).toEqual([]);
});

describe('another process', () => {
  const holders = [
    { pid: 12, command: 'reader' },
    { pid: 34, command: 'other' },
  ];
  const claimed = state({ driver: 'usbfs' });

  it('that has nothing open, as far as this user may see', () => {
    expect(checkHolders(ONE, state(), [], ROOT)).toMatchObject({
      id: 'holder',
      device: '1-1',
      status: 'ok',
      message: 'no other process has the device open',
    });
    expect(checkHolders(ONE, STORAGE, [], ANN).message).toBe(
      'no other process that this user may see has the device open',
    );
  });

  it('that has claimed the interface', () => {
    expect(checkHolders(ONE, claimed, holders.slice(0, 1), ROOT)).toMatchObject({
      status: 'problem',
      message: 'interface 0 is held by another process: reader (PID 12)',
      remedy: { kind: 'end-process', pids: [12] },
    });
    expect(checkHolders(ONE, claimed, holders, ROOT).message).toBe(
      'interface 0 is held by another process, one of reader (PID 12), other (PID 34)',
    );
    expect(checkHolders(ONE, claimed, [], ANN)).toMatchObject({
      status: 'problem',
      message: 'interface 0 is held by another process',
      remedy: { kind: 'end-process', pids: [] },
    });
    expect(checkHolders(TWO, claimed, holders, ROOT).status).toBe('warning');
  });

  it('that has the device open only', () => {
    const other = state({ interfaceNumber: 1, driver: 'usbfs' });
    for (const interfaces of [state(), other]) {
      expect(checkHolders(TWO, interfaces, holders, ROOT)).toMatchObject({
        status: 'warning',
        message: expect.stringMatching(
          /open in other processes.*: reader \(PID 12\), other \(PID 34\)$/,
        ),
      });
    }
  });
});
