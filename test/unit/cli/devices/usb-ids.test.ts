import { describe, expect, it } from 'vitest';
import { deviceName } from '../../../../src/cli/devices/details.js';
import { loadUsbIds, UsbIds } from '../../../../src/cli/devices/usb-ids.js';
import { deviceInfo } from '../../../support/device-info.js';
import { Folder } from '../../../support/folder.js';

const TEXT = `# Vendors
0001  First
\t0001  One \t
\t\t00  an interface
000a  Second, without products
1234  Third
\t5678  Thing
C 09  Hub
\t00  Unused
L 0001  Arabic
`;

describe('usb.ids', () => {
  const ids = new UsbIds(TEXT);

  it.each([
    [0x0001, 0x0001, 'First', 'One'],
    [0x0001, 0x5678, 'First', undefined],
    [0x000a, 0x5678, 'Second, without products', undefined],
    [0x1234, 0x5678, 'Third', 'Thing'],
    [0x1234, 0x0000, 'Third', undefined],
    [0xdead, 0x0001, undefined, undefined],
  ])('%i:%i', (vid, pid, vendor, product) => {
    expect([ids.vendor(vid), ids.product(vid, pid)]).toEqual([vendor, product]);
  });

  it('is loaded from the usual paths, or empty', () => {
    const root = new Folder();
    expect(loadUsbIds(root.path).vendor(1)).toBeUndefined();
    root.file('var/lib/usbutils/usb.ids', '0001  Old\n');
    expect(loadUsbIds(root.path).vendor(1)).toBe('Old');
    root.file('usr/share/hwdata/usb.ids', TEXT);
    expect(loadUsbIds(root.path).vendor(1)).toBe('First');
  });
});

describe('the name of a device', () => {
  const known = { vendor: 'Vendor', product: 'Model' };
  it.each([
    [{ manufacturer: 'Acme', product: 'Thing' }, 'Acme Thing'],
    [{ manufacturer: 'Acme', product: 'ACME Thing' }, 'ACME Thing'],
    [{ manufacturer: 'Acme', product: ' ' }, 'Acme Model'],
    [{ manufacturer: undefined, product: 'Thing' }, 'Vendor Thing'],
    [{ manufacturer: undefined, product: undefined }, 'Vendor Model'],
  ])('%j: %s', (strings, name) => {
    expect(deviceName(deviceInfo(strings), known)).toBe(name);
  });

  it('may be empty', () => {
    const nameless = deviceInfo({ manufacturer: undefined, product: undefined });
    expect(deviceName(nameless, { vendor: undefined, product: undefined })).toBe('');
  });
});
