import { describe, expect, it } from 'vitest';
import { type WatchedBus, watchBus } from '../../../../src/engine/device/presence.js';
import type { DeviceInfo } from '../../../../src/usb/model.js';
import { deviceInfo } from '../../../support/device-info.js';

const ONE = deviceInfo({ path: '1-1', address: 2 });
const TWO = deviceInfo({ path: '1-2', address: 3 });
const BARE = deviceInfo({ path: '1-3', address: 4, configurationValue: undefined });

/** A bus that changes when it is told to. */
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
  it('tells what is there, what comes and what goes', async () => {
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

  it('tells of a device once it is configured, and of the others meanwhile', async () => {
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

  it('never tells of one that goes before that', async () => {
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

  it('tells in the end of one that stays unconfigured, and of one that is unconfigured later not again', async () => {
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

  it('ends while it waits', async () => {
    const { next, stop } = watch(new Bus(hasFingerprint));
    await next();
    const waiting = next();
    stop();
    expect(await waiting).toBeUndefined();
  });
});

it('a bus that has settled is looked at by its fingerprint only', async () => {
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

it('what the bus fails with is passed on', async () => {
  const failing = { list: () => Promise.reject(new Error('no bus')) };
  await expect(watch(failing).next()).rejects.toThrow('no bus');
});

/** Waits for so many looks at a bus. */
async function looks(bus: Bus, count: number): Promise<void> {
  const done = () => (bus.fingerprint === undefined ? bus.listed / 2 : bus.fingerprinted);
  const end = done() + count;
  while (done() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
