import { describe, expect, it } from 'vitest';
import { isSameDevice, waitForDevice } from '../../../../src/engine/device/presence.js';
import type { Backend } from '../../../../src/usb/backend.js';
import type { DeviceInfo } from '../../../../src/usb/model.js';
import { deviceInfo } from '../../../support/device-info.js';

function busOf(lists: DeviceInfo[][]): Backend {
  return {
    name: 'lists',
    list: async () => (lists.length > 1 ? lists.shift() : lists[0]) ?? [],
    inspect: async () => ({ accessible: true, node: undefined, interfaces: [] }),
    descriptors: async () => ({ descriptors: new Uint8Array(), bos: undefined }),
    open: async () => {
      throw new Error('not opened by looking');
    },
    transferMemory: async () => undefined,
  };
}

describe('isSameDevice', () => {
  const before = deviceInfo();

  it('knows a device by port, kind and serial number, whatever its address', () => {
    expect(isSameDevice(before, deviceInfo({ address: 77 }))).toBe(true);
  });

  it.each([
    { path: '1-2' },
    { vid: 0x9999 },
    { pid: 0x9999 },
    { serial: '0002' },
    { serial: undefined },
  ])('takes no other for it: %o', (difference) => {
    expect(isSameDevice(before, deviceInfo(difference))).toBe(false);
  });
});

describe('waitForDevice', () => {
  const { signal } = new AbortController();
  const wanted = (device: DeviceInfo) => device.serial === 'wanted';
  const device = deviceInfo({ serial: 'wanted' });

  it('returns the device when it is there, or comes', async () => {
    expect(await waitForDevice(busOf([[device]]), wanted, 0, signal)).toBe(device);
    const later = busOf([[], [deviceInfo()], [deviceInfo(), device]]);
    expect(await waitForDevice(later, wanted, Number.POSITIVE_INFINITY, signal)).toBe(device);
  });

  it('returns nothing when the time is over', async () => {
    expect(await waitForDevice(busOf([[]]), wanted, 1, signal)).toBeUndefined();
  });

  it('returns nothing when it is told to stop', async () => {
    const controller = new AbortController();
    const waiting = waitForDevice(busOf([[]]), wanted, Number.POSITIVE_INFINITY, controller.signal);
    controller.abort();
    expect(await waiting).toBeUndefined();
  });
});
