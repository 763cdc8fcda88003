import { describe, expect, it } from 'vitest';
import {
  checkAutosuspend,
  checkCancel,
  checkLink,
  readBos,
} from '../../../../../src/backends/libusb/doctor/link.js';
import type { Device } from '../../../../../src/usb/backend.js';
import { UsbError } from '../../../../../src/usb/errors.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

/** A BOS with the SuperSpeed capability alone, up to 5 Gbit/s. */
const SUPERSPEED_BOS = Buffer.from('050f0f00010a1003000e0001010000', 'hex');

/** A BOS without a speed above high speed: only link power management. */
const HIGH_SPEED_BOS = Buffer.from('050f0c000107100206000000', 'hex');

/** The folder of the device at 1-1. */
function device(attributes: Record<string, string>): string {
  const folder = new Folder();
  for (const [name, content] of Object.entries(attributes)) {
    folder.file(`1-1/${name}`, content);
  }
  return folder.path;
}

it.each([
  [480, { bcd: 0x0210, bos: SUPERSPEED_BOS }, 5000],
  [480, { bcd: 0x0210, bos: HIGH_SPEED_BOS }, undefined],
  [480, { bcd: 0x0200 }, undefined],
  [480, { bcd: 0x0300 }, 5000],
  [480, {}, undefined],
  [12, { bcd: 0x0200 }, undefined],
  [12, { bcd: 0x0210, bos: SUPERSPEED_BOS }, 5000],
  [5000, { bcd: 0x0320, bos: SUPERSPEED_BOS }, undefined],
  [10000, { bcd: 0x0320, bos: SUPERSPEED_BOS }, undefined],
  [5000, { bcd: 0x0320 }, undefined],
])('a link of %d Mbit/s with %j supports %s', (speed, attributes, could) => {
  const { bcd: usbVersion = 0x0200, bos }: { bcd?: number; bos?: Uint8Array } = attributes;
  const results = checkLink(deviceInfo({ speed, usbVersion }), bos);
  expect(results).toMatchObject([
    could === undefined
      ? { id: 'link', device: '1-1', status: 'ok', message: `the link runs at ${speed} Mbit/s` }
      : {
          id: 'link',
          status: 'warning',
          message: `the link runs at ${speed} Mbit/s; the device supports ${could} Mbit/s`,
          remedy: { kind: 'use-faster-link' },
        },
  ]);
});

it.each([
  { speed: undefined },
  { speed: 480, usbVersion: 0x0210 },
])('a link, or a device, of unknown speed has no result: %j', (rest) => {
  expect(checkLink(deviceInfo(rest), undefined)).toEqual([]);
});

it('warns of a device whose cancelled transfers lose their data, and of no other', () => {
  expect(checkCancel(deviceInfo())).toEqual([]);
  expect(checkCancel(deviceInfo({ cancelKeepsData: false }))).toMatchObject([
    { id: 'usbip', device: '1-1', status: 'warning' },
  ]);
});

describe('the BOS descriptor of a device', () => {
  const SUPERSPEED = deviceInfo({ speed: 480, usbVersion: 0x0210 });

  it('is read from sysfs', async () => {
    const devices = device({ bos_descriptors: SUPERSPEED_BOS.toString('latin1') });
    const bos = await readBos(SUPERSPEED, { devices }, neverOpened);
    expect(bos).toEqual(SUPERSPEED_BOS);
  });

  it.each([
    { speed: 480, usbVersion: 0x0200 },
    { speed: 480, usbVersion: 0x0300 },
    { speed: 5000, usbVersion: 0x0320 },
    { speed: undefined, usbVersion: 0x0210 },
  ])('is not needed if it would decide nothing: %j', async (rest) => {
    expect(await readBos(deviceInfo(rest), { devices: '/nowhere' }, neverOpened)).toBeUndefined();
  });

  it('is asked for if the kernel does not show it, and the device is closed again', async () => {
    const [opened, closed] = openDevice(SUPERSPEED_BOS);
    expect(await readBos(SUPERSPEED, { devices: '/nowhere' }, opened)).toEqual(SUPERSPEED_BOS);
    expect(closed()).toBe(1);
  });

  it('is unknown if the device does not send it, or cannot be opened', async () => {
    const [opened, closed] = openDevice(undefined);
    expect(await readBos(SUPERSPEED, { devices: '/nowhere' }, opened)).toBeUndefined();
    expect(closed()).toBe(1);
    const refused = () => Promise.reject(new UsbError('access', 'no'));
    expect(await readBos(SUPERSPEED, { devices: '/nowhere' }, refused)).toBeUndefined();
  });
});

function neverOpened(): Promise<Device> {
  throw new Error('the device is opened');
}

/** Opens a device that sends this BOS descriptor. Returns how often it was closed, too. */
function openDevice(bos: Buffer | undefined): [open: () => Promise<Device>, closed: () => number] {
  let closed = 0;
  const opened: Pick<Device, 'control' | 'close'> = {
    async control({ requestType, request, value, index }, data) {
      expect([requestType, request, value, index]).toEqual([0x80, 6, 0x0f00, 0]);
      if (bos === undefined) {
        throw new UsbError('stall', 'no such descriptor');
      }
      return bos.copy(data);
    },
    async close() {
      closed += 1;
    },
  };
  return [async () => opened as Device, () => closed];
}

it.each([
  ['auto', '2000', 'warning'],
  ['auto', '0', 'warning'],
  ['auto', '-1000', 'ok'],
  ['on', '2000', 'ok'],
])('autosuspend: %s after %s ms', (control, delay, status) => {
  const root = device({
    'power/control': `${control}\n`,
    'power/autosuspend_delay_ms': `${delay}\n`,
  });
  const [result, ...more] = checkAutosuspend(deviceInfo(), { devices: root });
  expect(more).toEqual([]);
  expect(result).toMatchObject({ id: 'autosuspend', device: '1-1', status });
  if (status === 'warning') {
    expect(result?.message).toContain(`after ${Number(delay) / 1000} s`);
    expect(result?.remedy).toEqual({
      kind: 'keep-awake',
      file: `${root}/1-1/power/control`,
    });
  }
});

it('a kernel without power management has no result', () => {
  expect(checkAutosuspend(deviceInfo(), { devices: '/nowhere' })).toEqual([]);
});
