import { describe, expect, it } from 'vitest';
import { resetDevice } from '../../../../src/engine/device/reset.js';
import type { Backend, Device } from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
import type { DeviceInfo } from '../../../../src/usb/model.js';
import { deviceInfo } from '../../../support/device-info.js';

const before = deviceInfo();

/** A bus with one port; each look at it, and at the drivers, shows the next of what there is. */
class Port {
  readonly steps: string[] = [];
  lists: (DeviceInfo | undefined)[] = [before];
  /** Of interface 0: before the reset, then at each look. */
  drivers: (string | undefined)[] = ['driver'];
  failure: UsbError | undefined;

  readonly backend: Backend = {
    name: 'port',
    list: async () => [deviceInfo({ path: '1-2' }), next(this.lists)].filter(isThere),
    inspect: async () => ({
      accessible: true,
      node: undefined,
      interfaces: [{ interfaceNumber: 0, driver: next(this.drivers), nodes: [], name: undefined }],
    }),
    descriptors: async () => ({ descriptors: new Uint8Array(), bos: undefined }),
    open: async (info) => this.#open(info),
    transferMemory: async () => undefined,
  };

  reset(timeout = 10_000) {
    return resetDevice(this.backend, before, timeout);
  }

  #open(info: DeviceInfo): Device {
    this.steps.push('open');
    const refuse = () => Promise.reject(new Error('not for a reset'));
    return {
      info,
      claim: refuse,
      control: refuse,
      reset: async () => {
        this.steps.push('reset');
        if (this.failure !== undefined) {
          throw this.failure;
        }
      },
      selectConfiguration: async () => {},
      loss: async () => undefined,
      close: async () => {
        this.steps.push('close');
      },
    };
  }
}

function next<T>(values: (T | undefined)[]): T | undefined {
  return values.length > 1 ? values.shift() : values[0];
}

function isThere(device: DeviceInfo | undefined): device is DeviceInfo {
  return device !== undefined;
}

const LOST = new UsbError('no-device', 'it did not come back as it was');

describe('resetDevice', () => {
  it('opens, resets and closes the device, and finds it unchanged', async () => {
    const port = new Port();
    const { now, milliseconds, drivers } = await port.reset();
    expect(port.steps).toEqual(['open', 'reset', 'close']);
    expect(now).toBe(before);
    expect(milliseconds).toBeGreaterThan(0);
    expect(drivers).toEqual([{ interfaceNumber: 0, before: 'driver', after: 'driver' }]);
  });

  it('waits until the device is configured', async () => {
    const port = new Port();
    port.lists = [undefined, deviceInfo({ configurationValue: undefined }), before];
    expect((await port.reset()).now).toBe(before);
    expect(port.lists).toEqual([before]);
  });

  it('ignores the old device while it is still listed', async () => {
    const port = new Port();
    port.failure = LOST;
    const after = deviceInfo({ address: 7 });
    port.lists = [before, undefined, after];
    expect((await port.reset()).now).toBe(after);
    expect(port.steps).toEqual(['open', 'reset', 'close']);
  });

  it('finds another device at the port', async () => {
    const port = new Port();
    port.failure = LOST;
    const other = deviceInfo({ address: 7, pid: 0x9999 });
    port.lists = [other];
    expect(await port.reset()).toMatchObject({ now: other, drivers: [] });
  });

  it('finds no device after the timeout', async () => {
    const port = new Port();
    port.failure = LOST;
    port.lists = [undefined];
    expect(await port.reset(1)).toMatchObject({ now: undefined, drivers: [] });
  });

  it('waits until the drivers are bound again', async () => {
    const port = new Port();
    port.drivers = ['driver', undefined, undefined, 'driver'];
    const { drivers } = await port.reset();
    expect(drivers).toEqual([{ interfaceNumber: 0, before: 'driver', after: 'driver' }]);
  });

  it('reports a driver that is not bound again', async () => {
    const port = new Port();
    port.drivers = ['driver', 'other'];
    const { drivers } = await port.reset();
    expect(drivers).toEqual([{ interfaceNumber: 0, before: 'driver', after: 'other' }]);
  });

  it('closes the device when the reset fails', async () => {
    const port = new Port();
    port.failure = new UsbError('io', 'the hub is stuck');
    await expect(port.reset()).rejects.toBe(port.failure);
    expect(port.steps).toEqual(['open', 'reset', 'close']);
  });
});
