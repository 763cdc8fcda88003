import { describe, expect, it } from 'vitest';
import {
  driverFindings,
  holderFinding,
  mountsOf,
} from '../../../../../src/backends/libusb/doctor/in-use.js';
import type { DeviceState, InterfaceState } from '../../../../../src/usb/backend.js';
import { deviceWith, setting } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

const ONE = deviceWith(setting(0, 0, 0x81));
/** Interface 1 has nothing to read. */
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

const ROOT = { uid: 0, gids: [0], refusal: () => undefined };
const ANN = { ...ROOT, uid: 4242 };
const STORAGE = state({ driver: 'usb-storage', nodes: ['/dev/sdb'] });

describe('a kernel driver', () => {
  it('that holds nothing', () => {
    const free = [{ id: 'driver', device: '1-1', status: 'ok' }];
    expect(driverFindings(ONE, state(), [])).toMatchObject(free);
    expect(driverFindings(ONE, state({ driver: 'usbfs' }), [])).toMatchObject(free);
    expect(driverFindings(TWO, state({ interfaceNumber: 1, driver: 'usbhid' }), [])).toMatchObject(
      free,
    );
  });

  it('that holds the interface: its name, what it made, and --detach', () => {
    expect(driverFindings(ONE, STORAGE, [])).toEqual([
      {
        id: 'driver',
        device: '1-1',
        status: 'problem',
        message: 'interface 0 is held by the kernel driver usb-storage, which made /dev/sdb',
        remedy: { kind: 'detach-driver', driver: 'usb-storage' },
      },
    ]);
  });

  it('that made its file of another interface', () => {
    const acm = [
      { interfaceNumber: 1, driver: 'cdc_acm', nodes: ['/dev/ttyACM0'] },
      { interfaceNumber: 2, driver: 'cdc_acm' },
    ];
    const [finding, ...more] = driverFindings(TWO, state(...acm), []);
    expect(more).toEqual([]);
    expect(finding?.message).toBe(
      'interface 2 is held by the kernel driver cdc_acm, which made /dev/ttyACM0',
    );
  });

  it('is a problem when nothing else can be read', () => {
    const first = { interfaceNumber: 0, driver: 'a' };
    const second = { interfaceNumber: 2, driver: 'b' };
    const statuses = (...held: Partial<InterfaceState>[]) =>
      driverFindings(TWO, state(...held), []).map(({ status }) => status);
    expect(statuses(first)).toEqual(['warning']);
    expect(statuses(first, second)).toEqual(['problem', 'problem']);
    expect(statuses(first, { interfaceNumber: 2, driver: 'usbfs' })).toEqual(['problem']);
  });

  it('whose disk is mounted', () => {
    const mounts = ['/dev/sdb', '/dev/sdb1', '/dev/sdb12', '/dev/sdbc', '/dev/sd', '/dev/sdc1'].map(
      (source) => ({ source, target: '/media/stick' }),
    );
    const found = driverFindings(ONE, STORAGE, mounts).filter(({ id }) => id === 'mounted');
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

  it('whose disk is mounted all over: a few are told', () => {
    const mounts = Array.from({ length: 100 }, (_, i) => ({
      source: '/dev/sdb1',
      target: `/${i}`,
    }));
    expect(driverFindings(ONE, STORAGE, mounts)).toHaveLength(5);
  });
});

it('mounts are those of devices, and their names as they are', () => {
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
  expect(mountsOf(proc.path)).toEqual([{ source: '/dev/sdb1', target: '/media/my stick\\' }]);
  expect(mountsOf('/nowhere')).toEqual([]);
});

describe('another process', () => {
  const holders = [
    { pid: 12, command: 'reader' },
    { pid: 34, command: 'other' },
  ];
  const claimed = state({ driver: 'usbfs' });

  it('that has nothing, as far as can be seen', () => {
    expect(holderFinding(ONE, state(), [], ROOT)).toMatchObject({
      id: 'holder',
      device: '1-1',
      status: 'ok',
      message: 'no other process has the device open',
    });
    expect(holderFinding(ONE, STORAGE, [], ANN).message).toBe(
      'no other process that this user may see has the device open',
    );
  });

  it('that has claimed the interface', () => {
    expect(holderFinding(ONE, claimed, holders.slice(0, 1), ROOT)).toMatchObject({
      status: 'problem',
      message: 'interface 0 is held by another process: reader (PID 12)',
      remedy: { kind: 'end-process', pids: [12] },
    });
    expect(holderFinding(ONE, claimed, holders, ROOT).message).toBe(
      'interface 0 is held by another process, one of reader (PID 12), other (PID 34)',
    );
    expect(holderFinding(ONE, claimed, [], ANN)).toMatchObject({
      status: 'problem',
      message: 'interface 0 is held by another process',
      remedy: { kind: 'end-process', pids: [] },
    });
    expect(holderFinding(TWO, claimed, holders, ROOT).status).toBe('warning');
  });

  it('that has the device open only', () => {
    const other = state({ interfaceNumber: 1, driver: 'usbfs' });
    for (const interfaces of [state(), other]) {
      expect(holderFinding(TWO, interfaces, holders, ROOT)).toMatchObject({
        status: 'warning',
        message: expect.stringMatching(/open elsewhere.*: reader \(PID 12\), other \(PID 34\)$/),
      });
    }
  });
});
