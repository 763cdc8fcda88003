import { describe, expect, it } from 'vitest';
import { listDevices } from '../../../../../src/backends/libusb/linux/devices.js';
import { driverOf, inspect, nodesIn } from '../../../../../src/backends/libusb/linux/interfaces.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';
import { COMPOSITE, STORAGE, SYSTEM, writeSystem } from '../../../../support/sysfs-tree.js';

const root = new Folder();
writeSystem(root.path, SYSTEM);
const system = systemFiles(root.path);

function stateOf(path: string) {
  const device = listDevices(system.devices).find((candidate) => candidate.path === path);
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

it('a device without a file cannot be opened', () => {
  expect(stateOf(STORAGE.path)).toMatchObject({ accessible: false, node: undefined });
});

it('bounds the search for nodes', () => {
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

it('follows no links when it searches for nodes', () => {
  const looped = new Folder();
  looped.file('tty/ttyUSB0/uevent', 'DEVNAME=ttyUSB0\n');
  looped.link('subsystem', '.');
  expect(nodesIn(looped.path)).toEqual(['/dev/ttyUSB0']);
});

describe('driverOf', () => {
  const folder = new Folder();
  const files = systemFiles(folder.path);
  folder.link('sys/bus/usb/devices/3-1.2:1.0/driver', '../../../../bus/usb/drivers/usb-storage');
  folder.link('sys/bus/usb/devices/3-1.2:2.1/driver', '../../../../bus/usb/drivers/usbfs');

  it.each([
    [1, 0, 'usb-storage'],
    [2, 1, 'usbfs'],
    [1, 1, undefined],
    [undefined, 0, undefined],
  ])('in configuration %s, interface %i has the driver %s', (configuration, number, driver) => {
    const info = { path: '3-1.2', configurationValue: configuration };
    expect(driverOf(info, number, files)).toBe(driver);
  });

  it('is undefined without sysfs', () => {
    const info = { path: '3-1.2', configurationValue: 1 };
    expect(driverOf(info, 0, systemFiles('/nowhere'))).toBeUndefined();
  });
});
