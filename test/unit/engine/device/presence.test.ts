import { describe, expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import {
  examine,
  isReady,
  isSameDevice,
  lookInto,
  NewDevices,
  type WatchedBus,
  waitForDevice,
  watchBus,
} from '../../../../src/engine/device/presence.js';
import type { Backend } from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
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

  it('compares port, IDs and serial number, but not the address', () => {
    expect(isSameDevice(before, deviceInfo({ address: 77 }))).toBe(true);
  });

  it.each([
    { path: '1-2' },
    { vid: 0x9999 },
    { pid: 0x9999 },
    { serial: '0002' },
    { serial: undefined },
  ])('distinguishes a device with %o', (difference) => {
    expect(isSameDevice(before, deviceInfo(difference))).toBe(false);
  });
});

describe('a device of a partial list', () => {
  const partial = deviceInfo({ isPartial: true, serial: undefined, configurationValue: undefined });
  const known = deviceInfo({ serial: '0001' });

  it('may be the same as one that is known', () => {
    expect(isSameDevice(known, partial)).toBe(true);
    expect(isSameDevice(partial, known)).toBe(true);
    expect(isSameDevice(known, { ...partial, path: '1-2' })).toBe(false);
  });

  it('is ready without a configuration, unlike others', () => {
    const unconfigured = deviceInfo({ configurationValue: undefined });
    expect([partial, known, unconfigured].map(isReady)).toEqual([true, true, false]);
  });

  it('is examined, and others are not', async () => {
    const bus = { ...busOf([[]]), examine: async () => known };
    expect(await examine(bus, partial)).toBe(known);
    const other = deviceInfo({ path: '1-3' });
    expect(await examine(bus, other)).toBe(other);
  });

  it('is opened and closed to look into it, and others are not', async () => {
    const bus = new VirtualBackend();
    const [device = known] = await bus.list();
    const listed = { ...device, isPartial: true } as const;
    expect(await lookInto(bus, listed)).toEqual(device);
    const other = deviceInfo({ path: '9-9' });
    expect(await lookInto(bus, other)).toBe(other);
  });
});

describe('waitForDevice', () => {
  const { signal } = new AbortController();
  const wanted = (device: DeviceInfo) => device.serial === 'wanted';
  const device = deviceInfo({ serial: 'wanted' });

  it('returns the device when it is connected', async () => {
    expect(await waitForDevice(busOf([[device]]), wanted, 0, signal)).toBe(device);
    const later = busOf([[], [deviceInfo()], [deviceInfo(), device]]);
    expect(await waitForDevice(later, wanted, Number.POSITIVE_INFINITY, signal)).toBe(device);
  });

  it('waits for a server that cannot be reached, but not after another failure', async () => {
    const failing = (error: UsbError) => {
      const bus = busOf([[device]]);
      const { list } = bus;
      let calls = 0;
      return {
        ...bus,
        list: async () => {
          calls += 1;
          if (calls < 3) {
            throw error;
          }
          return list();
        },
      };
    };
    const away = failing(new UsbError('no-server', 'the connection was refused'));
    expect(await waitForDevice(away, wanted, Number.POSITIVE_INFINITY, signal)).toBe(device);
    const broken = failing(new UsbError('no-bus', 'no bus'));
    await expect(waitForDevice(broken, wanted, 1000, signal)).rejects.toThrow('no bus');
  });

  it('returns nothing after the timeout', async () => {
    expect(await waitForDevice(busOf([[]]), wanted, 1, signal)).toBeUndefined();
  });

  it('returns nothing when its signal is aborted', async () => {
    const controller = new AbortController();
    const waiting = waitForDevice(busOf([[]]), wanted, Number.POSITIVE_INFINITY, controller.signal);
    controller.abort();
    expect(await waiting).toBeUndefined();
  });
});

describe('NewDevices', () => {
  const old = deviceInfo({ path: '1-1', address: 2 });
  const again = deviceInfo({ path: '1-1', address: 3 });
  const other = deviceInfo({ path: '1-2', address: 4 });

  it('are those that were not there at the first look, also at the port of another', () => {
    const since = new NewDevices([old]);
    expect(since.among([old])).toEqual([]);
    expect(since.among([old, other])).toEqual([other]);
    expect(since.among([again, other])).toEqual([again, other]);
  });

  it('include a device that was gone, even with the same address', () => {
    const since = new NewDevices([old]);
    expect(since.among([])).toEqual([]);
    expect(since.among([old])).toEqual([old]);
    expect(since.among([old])).toEqual([old]);
  });

  it('are the only ones to wait for', async () => {
    const { signal } = new AbortController();
    const bus = busOf([[old], [old, other], []]);
    const any = () => true;
    expect(await waitForDevice(bus, any, 5000, signal, new NewDevices([old]))).toBe(other);
  });
});

const ONE = deviceInfo({ path: '1-1', address: 2 });
const TWO = deviceInfo({ path: '1-2', address: 3 });
const BARE = deviceInfo({ path: '1-3', address: 4, configurationValue: undefined });

/** A bus whose devices the test sets. */
class Bus implements WatchedBus {
  devices: DeviceInfo[] = [];
  listed = 0;
  fingerprinted = 0;
  readonly fingerprint: (() => Promise<string>) | undefined;

  constructor(hasFingerprint: boolean) {
    this.fingerprint = hasFingerprint ? () => this.#fingerprint() : undefined;
  }

  async list(): Promise<DeviceInfo[]> {
    this.listed += 1;
    return [...this.devices];
  }

  async #fingerprint(): Promise<string> {
    this.fingerprinted += 1;
    return this.devices.map(({ path, address }) => `${path} ${address}`).join();
  }
}

/** Watches a bus; `next` is what happens next, as `attach 1-1`. */
function watch(bus: WatchedBus) {
  const controller = new AbortController();
  const events = watchBus(bus, controller.signal);
  const next = async () => {
    const { value } = await events.next();
    return value?.map(({ kind, device }) => `${kind} ${device.path}`);
  };
  return { next, stop: () => controller.abort() };
}

describe.each([
  ['that has a fingerprint', true],
  ['that can only be listed', false],
])('watching a bus %s', (_, hasFingerprint) => {
  it('reports devices that are present, attached and detached', async () => {
    const bus = new Bus(hasFingerprint);
    bus.devices = [ONE];
    const { next, stop } = watch(bus);
    expect(await next()).toEqual(['present 1-1']);
    bus.devices = [ONE, TWO];
    expect(await next()).toEqual(['attach 1-2']);
    bus.devices = [{ ...TWO, address: 5 }];
    expect(await next()).toEqual(['detach 1-2', 'detach 1-1', 'attach 1-2']);
    stop();
    expect(await next()).toBeUndefined();
  });

  it('reports a device once it is configured, and others in the meantime', async () => {
    const bus = new Bus(hasFingerprint);
    const { next, stop } = watch(bus);
    expect(await next()).toEqual([]);
    bus.devices = [BARE];
    const first = next();
    await looks(bus, 3);
    bus.devices = [ONE, BARE];
    expect(await first).toEqual(['attach 1-1']);
    bus.devices = [ONE, { ...BARE, configurationValue: 1 }];
    expect(await next()).toEqual(['attach 1-3']);
    stop();
  });

  it('does not report a device that is gone before it is configured', async () => {
    const bus = new Bus(hasFingerprint);
    const { next, stop } = watch(bus);
    await next();
    bus.devices = [BARE];
    const first = next();
    await looks(bus, 3);
    bus.devices = [];
    await looks(bus, 3);
    bus.devices = [ONE];
    expect(await first).toEqual(['attach 1-1']);
    stop();
  });

  it('reports a device that stays unconfigured, but not again one that becomes unconfigured', async () => {
    const bus = new Bus(hasFingerprint);
    bus.devices = [ONE];
    const { next, stop } = watch(bus);
    await next();
    bus.devices = [{ ...ONE, configurationValue: undefined }, BARE];
    expect(await next()).toEqual(['attach 1-3']);
    bus.devices = [BARE];
    expect(await next()).toEqual(['detach 1-1']);
    stop();
  });

  it('ends while it is waiting', async () => {
    const { next, stop } = watch(new Bus(hasFingerprint));
    await next();
    const waiting = next();
    stop();
    expect(await waiting).toBeUndefined();
  });
});

it('only the fingerprint of a settled bus is checked', async () => {
  const bus = new Bus(true);
  const { next, stop } = watch(bus);
  await next();
  const change = next();
  await looks(bus, 15);
  const listed = bus.listed;
  await looks(bus, 5);
  expect(bus.listed).toBe(listed);
  bus.devices = [ONE];
  expect(await change).toEqual(['attach 1-1']);
  stop();
});

it('errors of the bus are passed on', async () => {
  const failing = { list: () => Promise.reject(new Error('no bus')) };
  await expect(watch(failing).next()).rejects.toThrow('no bus');
});

/** Waits until a bus was checked this many times. */
async function looks(bus: Bus, count: number): Promise<void> {
  const done = () => (bus.fingerprint === undefined ? bus.listed / 2 : bus.fingerprinted);
  const end = done() + count;
  while (done() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
