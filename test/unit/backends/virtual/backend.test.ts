import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { locateIn } from '../../../../src/usb/locate.js';
import { Host } from '../simulation/bus/host.js';

describe('the virtual bus', () => {
  it('has a counter and a loopback', async () => {
    const devices = await new VirtualBackend().list();
    expect(
      devices.map(({ vid, pid, path, bus, address, speed, serial, product }) => ({
        id: `${vid.toString(16)}:${pid.toString(16)}`,
        place: [path, bus, address],
        speed,
        serial,
        product,
      })),
    ).toEqual([
      {
        id: '1234:5678',
        place: ['1-1', 1, 2],
        speed: 480,
        serial: 'V0001',
        product: 'virtual counter',
      },
      {
        id: '1234:5679',
        place: ['1-2', 1, 3],
        speed: 480,
        serial: 'V0002',
        product: 'virtual loopback',
      },
    ]);
  });

  it.each([
    ['full', 12, 64],
    ['high', 480, 512],
    ['super', 5000, 1024],
  ])('%s speed is %i Mbit/s with packets of %i bytes', async (name, speed, packetSize) => {
    const backend = new VirtualBackend({ scenario: parseScenario(`speed=${name}`) });
    for (const info of await backend.list()) {
      expect(info.speed).toBe(speed);
      expect(locateIn(info, {}).endpoint.maxPacketSize).toBe(packetSize);
    }
  });

  it('lists an isochronous endpoint that cannot be used', async () => {
    const backend = new VirtualBackend();
    const [info] = await backend.list();
    assert(info !== undefined);
    expect(locateIn(info, {}).alternateSetting).toBe(0);
    expect(() => locateIn(info, { address: 0x83 })).toThrow(/isochronous/);
    const device = await backend.open(info);
    const claimed = await device.claim(0, 1);
    expect(() => claimed.endpoint(0x83)).toThrow(/no bulk or interrupt endpoint 0x83/);
    expect(claimed.endpoint(0x82).maxPacketSize).toBe(512);
    await claimed.release();
    await device.close();
  });

  it('replugs a device after the time in the scenario', async () => {
    const host = await Host.counter('unplug@1k=2s');
    expect(host.read(2, 1024)).toEqual(['completed 1024', 'error 0']);
    await expect(host.claimed.release()).rejects.toMatchObject({ code: 'no-device' });
    await host.device.close();
    host.clock.pass(1999);
    expect((await host.backend.list()).map(({ path }) => path)).toEqual(['1-2']);
    host.clock.pass(1);
    const [info] = await host.backend.list();
    expect(info).toMatchObject({ path: '1-1', address: 4 });
  });

  it('never gives two devices the same address', async () => {
    const backend = new VirtualBackend();
    const seen = new Set<number>();
    for (let i = 0; i < 300; i++) {
      backend.unplug('1-1');
      backend.replug('1-1');
      const [counter, loopback] = await backend.list();
      expect(counter?.address).not.toBe(loopback?.address);
      seen.add(counter?.address ?? 0);
    }
    expect(Math.min(...seen)).toBe(2);
    expect(Math.max(...seen)).toBe(127);
    expect(seen.has(3)).toBe(false);
  });

  it('plugs the counter in again with the scenario clause replug', async () => {
    const host = await Host.counter('replug=1s');
    host.clock.pass(999);
    expect(await host.device.loss()).toBeUndefined();
    host.clock.pass(1);
    expect((await host.backend.list()).map(({ path }) => path)).toEqual(['1-2']);
    host.clock.pass(100);
    const [counter] = await host.backend.list();
    expect([counter?.path, counter?.address]).not.toEqual(['1-1', host.device.info.address]);
    expect(counter?.path).toBe('1-1');
    await host.close();
  });

  it('has no other ports', () => {
    expect(() => new VirtualBackend().unplug('9-9')).toThrow(/no port 9-9/);
  });

  it('refuses invalid lengths', async () => {
    const host = await Host.counter('');
    const transfer = host.in.createTransfer(() => {});
    for (const length of [513, -1, 0.5, Number.NaN]) {
      expect(() => transfer.submit(Buffer.alloc(512), length)).toThrow(/cannot move/);
    }
    await host.close();
  });

  it('does not close a device that is still claimed', async () => {
    const host = await Host.counter('');
    await expect(host.device.close()).rejects.toMatchObject({ code: 'invalid' });
    await host.close();
    await expect(host.device.claim(0, 0)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('keeps the process alive while a device is open, and no longer', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    const before = timers().length;
    const host = await Host.counter('silence@0');
    expect(timers().length).toBe(before + 1);
    await host.close();
    expect(timers().length).toBe(before);
  });
});
