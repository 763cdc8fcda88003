import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { listSysfs, readDescriptors } from '../../../../../src/backends/libusb/linux/devices.js';
import { inspect, nodesIn } from '../../../../../src/backends/libusb/linux/interfaces.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';
import { COMPOSITE, STORAGE, SUPER, SYSTEM, writeSystem } from '../../../../support/sysfs-tree.js';

const root = new Folder();
writeSystem(root.path, SYSTEM);
const system = systemFiles(root.path);

function stateOf(path: string) {
  const device = listSysfs(system.devices).find((candidate) => candidate.path === path);
  return inspect(device ?? deviceInfo(), system);
}

it('finds drivers, nodes and names of the interfaces', () => {
  expect(stateOf(COMPOSITE.path)).toEqual({
    accessible: true,
    node: `${root.path}/dev/bus/usb/003/004`,
    interfaces: [
      { interfaceNumber: 0, driver: 'cdc_acm', nodes: ['/dev/ttyACM0'], name: 'Console' },
      { interfaceNumber: 1, driver: 'cdc_acm', nodes: [], name: undefined },
      {
        interfaceNumber: 2,
        driver: 'usbhid',
        nodes: ['/dev/hidraw0', '/dev/input/event3'],
        name: undefined,
      },
    ],
  });
});

it('finds a disk without its partitions, and a network by its name', () => {
  const [disk] = stateOf(STORAGE.path).interfaces;
  expect(disk?.nodes).toEqual(['/dev/sdb', '/dev/sg1']);
  const [network, data] = stateOf('3-1.3').interfaces;
  expect([network?.nodes, data?.driver, data?.nodes]).toEqual([['enx00e04c'], undefined, []]);
});

it('finds the driver of a root hub', () => {
  expect(stateOf('usb3').interfaces).toMatchObject([{ driver: 'hub' }]);
});

it('takes a device without a file for one that cannot be opened', () => {
  expect(stateOf(STORAGE.path)).toMatchObject({ accessible: false, node: undefined });
});

it('searches no further than a bound', () => {
  const deep = new Folder();
  deep.file('a/1/2/3/4/5/6/7/uevent', 'DEVNAME=near\n');
  deep.file('b/1/2/3/4/5/6/7/8/9/10/11/uevent', 'DEVNAME=far\n');
  expect(nodesIn(deep.path)).toEqual(['/dev/near']);
  const wide = new Folder();
  for (let i = 0; i < 1000; i += 1) {
    wide.file(`${i}/uevent`, `DEVNAME=n${i}\n`);
  }
  expect(nodesIn(wide.path).length).toBeLessThan(300);
});

it('follows no links', () => {
  const looped = new Folder();
  looped.file('tty/ttyUSB0/uevent', 'DEVNAME=ttyUSB0\n');
  looped.link('subsystem', '.');
  expect(nodesIn(looped.path)).toEqual(['/dev/ttyUSB0']);
});

it('reads the descriptors as the device sent them', () => {
  const { descriptors, bos } = readDescriptors(
    deviceInfo({ path: '4-1', address: 2 }),
    system.devices,
  );
  expect(descriptors).toEqual(readFileSync(`${system.devices}/4-1/descriptors`));
  expect(bos).toEqual(SUPER.bos);
  const hub = readDescriptors(deviceInfo({ path: '3-1', address: 3 }), system.devices);
  expect(hub.bos).toBeUndefined();
});

it('tells of a device that is gone', () => {
  for (const [path, address] of [
    ['4-1', 3],
    ['4-2', 2],
  ] as const) {
    expect(() => readDescriptors(deviceInfo({ path, address }), system.devices)).toThrow(
      expect.objectContaining({ code: 'no-device' }),
    );
  }
});
