import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isPresent, listSysfs } from '../../../../../src/backends/libusb/linux/devices.js';

// A device descriptor of 18 bytes for 1234:5678, a configuration, an interface, an endpoint.
const DESCRIPTORS = Buffer.from(
  `12010002000000403412785600010102030109021900010100803209040000${'01ff0000000705810200020000'}`,
  'hex',
);

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sysfs-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function addDevice(name: string, attributes: Record<string, string | Buffer>): void {
  mkdirSync(join(root, name));
  for (const [attribute, value] of Object.entries(attributes)) {
    writeFileSync(join(root, name, attribute), value);
  }
}

const BARE = { busnum: '1\n', devnum: '7\n', descriptors: DESCRIPTORS };

it('reads what the kernel shows of a device', () => {
  addDevice('1-1.2', {
    ...BARE,
    speed: '480\n',
    manufacturer: 'usbxfer\n',
    product: 'thing\n',
    serial: '0001\n',
    bConfigurationValue: '1\n',
  });
  addDevice('1-1.2:1.0', { bInterfaceNumber: '00\n' });
  expect(listSysfs(root)).toEqual([
    {
      path: '1-1.2',
      bus: 1,
      address: 7,
      vid: 0x1234,
      pid: 0x5678,
      usbVersion: 0x0200,
      deviceClass: 0,
      deviceSubClass: 0,
      deviceProtocol: 0,
      speed: 480,
      manufacturer: 'usbxfer',
      product: 'thing',
      serial: '0001',
      configurations: [
        {
          value: 1,
          settings: [
            expect.objectContaining({
              interfaceNumber: 0,
              endpoints: [{ address: 0x81, type: 'bulk', maxPacketSize: 512 }],
            }),
          ],
        },
      ],
      activeConfiguration: 1,
    },
  ]);
});

it('leaves undefined what a device does not have', () => {
  addDevice('1-1', { ...BARE, bConfigurationValue: '\n', speed: 'unknown\n' });
  expect(listSysfs(root)).toMatchObject([
    {
      manufacturer: undefined,
      serial: undefined,
      speed: undefined,
      activeConfiguration: undefined,
    },
  ]);
});

it('orders by port and passes over what vanishes meanwhile or lies', () => {
  for (const path of ['1-10', '1-2', 'usb1']) {
    addDevice(path, BARE);
  }
  addDevice('1-\u001b[31m', BARE); // no device is named so
  addDevice('1-3', { busnum: '1\n', devnum: '9\n' });
  addDevice('1-4', { ...BARE, descriptors: DESCRIPTORS.subarray(0, 17) });
  expect(listSysfs(root).map(({ path }) => path)).toEqual(['usb1', '1-2', '1-10']);
});

it('tells a machine without USB from one without devices', () => {
  expect(listSysfs(root)).toEqual([]);
  expect(() => listSysfs(join(root, 'missing'))).toThrow(
    expect.objectContaining({ code: 'no-bus' }),
  );
});

it('takes what cannot be read for no bus', () => {
  addDevice('1-1', BARE);
  expect(() => listSysfs(join(root, '1-1', 'devnum'))).toThrow(
    expect.objectContaining({ code: 'no-bus', message: expect.stringContaining('cannot be read') }),
  );
});

it('knows a device by its path and address', () => {
  addDevice('1-1', BARE);
  expect(isPresent('1-1', 7, root)).toBe(true);
  expect(isPresent('1-1', 8, root)).toBe(false);
  expect(isPresent('1-2', 7, root)).toBe(false);
});
