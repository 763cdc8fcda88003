import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  busFingerprint,
  isPresent,
  listDevices,
  readDescriptors,
} from '../../../../../src/backends/libusb/linux/devices.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';
import { SUPER, SYSTEM, writeSystem } from '../../../../support/sysfs-tree.js';

// A device descriptor of 18 bytes for 1234:5678, a configuration, an interface, an endpoint.
const DESCRIPTORS = Buffer.from(
  `12010002000000403412785600010102030109021900010100803209040000${'01ff0000000705810200020000'}`,
  'hex',
);

const BARE = { busnum: '1\n', devnum: '7\n', descriptors: DESCRIPTORS };

/** A folder like /sys/bus/usb/devices with these devices and their attributes. */
function sysfs(devices: Record<string, Record<string, string | Buffer>>): Folder {
  const folder = new Folder();
  for (const [name, attributes] of Object.entries(devices)) {
    for (const [attribute, value] of Object.entries(attributes)) {
      folder.file(`${name}/${attribute}`, value);
    }
  }
  return folder;
}

describe('listDevices', () => {
  it('reads what the kernel shows of a device', () => {
    const { path } = sysfs({
      '1-1.2': {
        ...BARE,
        speed: '480\n',
        manufacturer: 'usbxfer\n',
        product: 'thing\n',
        serial: '0001\n',
        bConfigurationValue: '1\n',
      },
      '1-1.2:1.0': { bInterfaceNumber: '00\n' },
    });
    expect(listDevices(path)).toEqual([
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
        configurationValue: 1,
        cancelKeepsData: true,
      },
    ]);
  });

  it('leaves undefined what a device does not have', () => {
    const { path } = sysfs({ '1-1': { ...BARE, bConfigurationValue: '\n', speed: 'unknown\n' } });
    expect(listDevices(path)).toMatchObject([
      {
        manufacturer: undefined,
        serial: undefined,
        speed: undefined,
        configurationValue: undefined,
      },
    ]);
  });

  it('sees that a device is attached through USB/IP, which loses the data of cancelled transfers', () => {
    const folder = new Folder();
    mkdirSync(join(folder.path, 'bus'));
    const links = {
      '1-1': '../platform/dummy_hcd.0/usb1/1-1',
      '3-1': '../platform/vhci_hcd.0/usb3/3-1',
      '4-1.2': '../platform/vhci_hcd/usb4/4-1/4-1.2',
      usb5: '../pci0000:00/0000:00:14.0/not-vhci_hcd.0/usb5',
    };
    for (const [name, link] of Object.entries(links)) {
      for (const [attribute, value] of Object.entries(BARE)) {
        folder.file(`bus/${link}/${attribute}`, value);
      }
      symlinkSync(link, join(folder.path, 'bus', name));
    }
    const devices = listDevices(join(folder.path, 'bus'));
    expect(devices.map(({ path, cancelKeepsData }) => [path, cancelKeepsData])).toEqual([
      ['1-1', true],
      ['3-1', false],
      ['4-1.2', false],
      ['usb5', true],
    ]);
  });

  it('orders devices by port, and skips those that vanish or whose data is invalid', () => {
    const { path } = sysfs({
      '1-10': BARE,
      '1-2': BARE,
      usb1: BARE,
      '1-\u001b[31m': BARE, // not a name of the kernel
      '1-3': { busnum: '1\n', devnum: '9\n' },
      '1-4': { ...BARE, descriptors: DESCRIPTORS.subarray(0, 17) },
    });
    expect(listDevices(path).map((device) => device.path)).toEqual(['usb1', '1-2', '1-10']);
  });

  it('distinguishes a machine without USB from one without devices', () => {
    const { path } = sysfs({});
    expect(listDevices(path)).toEqual([]);
    expect(() => listDevices(join(path, 'missing'))).toThrow(
      expect.objectContaining({ code: 'no-bus', remedy: { kind: 'pass-usb-through' } }),
    );
  });

  it('finds no bus in a folder that cannot be read', () => {
    const { path } = sysfs({ '1-1': BARE });
    expect(() => listDevices(join(path, '1-1', 'devnum'))).toThrow(
      expect.objectContaining({
        code: 'no-bus',
        message: expect.stringContaining('cannot be read'),
      }),
    );
  });
});

it('a device is present while its path has its address', () => {
  const { path } = sysfs({ '1-1': BARE });
  expect(isPresent({ path: '1-1', address: 7 }, path)).toBe(true);
  expect(isPresent({ path: '1-1', address: 8 }, path)).toBe(false);
  expect(isPresent({ path: '1-2', address: 7 }, path)).toBe(false);
});

describe('readDescriptors', () => {
  const folder = new Folder();
  writeSystem(folder.path, SYSTEM);
  const { devices } = systemFiles(folder.path);

  it('returns the descriptors as the device sent them', () => {
    const { descriptors, bos } = readDescriptors(deviceInfo({ path: '4-1', address: 2 }), devices);
    expect(descriptors).toEqual(readFileSync(`${devices}/4-1/descriptors`));
    expect(bos).toEqual(SUPER.bos);
    const hub = readDescriptors(deviceInfo({ path: '3-1', address: 3 }), devices);
    expect(hub.bos).toBeUndefined();
  });

  it.each([
    ['4-1', 3],
    ['4-2', 2],
  ])('throws for a device that is gone: %s with address %i', (path, address) => {
    expect(() => readDescriptors(deviceInfo({ path, address }), devices)).toThrow(
      expect.objectContaining({ code: 'no-device' }),
    );
  });
});

describe('busFingerprint', () => {
  it('changes when devices come, go or are replugged, and at nothing else', () => {
    const folder = new Folder();
    const fingerprint = () => busFingerprint(folder.path);
    expect(fingerprint()).toBe('');
    folder.file('1-1/devnum', '4\n');
    const one = fingerprint();
    expect(one).toBe('1-1@4');
    mkdirSync(join(folder.path, '1-1:1.0'));
    folder.file('1-1/product', 'thing\n');
    expect(fingerprint()).toBe(one);
    folder.file('1-1/devnum', '5\n');
    const replugged = fingerprint();
    folder.file('1-2/devnum', '6\n');
    const two = fingerprint();
    rmSync(join(folder.path, '1-2/devnum'));
    const going = fingerprint();
    rmSync(join(folder.path, '1-2'), { recursive: true });
    expect(new Set(['', one, replugged, two, going]).size).toBe(5);
    expect(fingerprint()).toBe(replugged);
  });

  it('is empty on a machine without USB', () => {
    expect(busFingerprint('/nowhere')).toBe('');
  });
});
