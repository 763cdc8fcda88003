import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BusEvent, busEvents, presenceOf } from '../../../src/usb/bus-events.js';
import { comparePaths } from '../../../src/usb/format.js';
import type { DeviceInfo } from '../../../src/usb/model.js';
import { deviceInfo } from '../../support/device-info.js';

const PATHS = ['usb1', '1-1', '1-1.1', '1-1.1.2', '1-2', '2-1'];

/** What a bus lists: at each port at most one device, in order; addresses recur as by replugging. */
const lists = fc
  .uniqueArray(
    fc.record({ path: fc.constantFrom(...PATHS), address: fc.integer({ max: 4, min: 1 }) }),
    {
      selector: ({ path }) => path,
    },
  )
  .map((places) => places.map(deviceInfo).sort((a, b) => comparePaths(a.path, b.path)));

/** Does to the devices what the events say; each must be possible. */
function replay(devices: readonly DeviceInfo[], events: readonly BusEvent[]): DeviceInfo[] {
  const ports = new Map(devices.map((device) => [device.path, device]));
  for (const { kind, device } of events) {
    const there = ports.get(device.path);
    if (kind === 'detach') {
      expect(there).toBe(device);
      ports.delete(device.path);
    } else {
      expect([kind, there]).toEqual(['attach', undefined]);
      ports.set(device.path, device);
    }
  }
  return [...ports.values()].sort((a, b) => comparePaths(a.path, b.path));
}

describe('the events between two lists', () => {
  it('make of the first the last, over any sequence', () => {
    fc.assert(
      fc.property(lists, fc.array(lists), (first, others) => {
        let before = first;
        let replayed = first;
        for (const now of others) {
          const events = busEvents(before, now);
          const changed = events.map(({ device }) => presenceOf(device));
          expect(new Set(changed).size).toBe(changed.length); // nothing comes as it went
          replayed = replay(replayed, events);
          expect(replayed.map(({ path, address }) => ({ path, address }))).toEqual(
            now.map(({ path, address }) => ({ path, address })),
          );
          // What stays keeps the object of its attach: the next detach is compared with that.
          before = replayed;
        }
      }),
    );
  });

  it('are none when nothing came or went, whatever else is new about a device', () => {
    fc.assert(
      fc.property(lists, (devices) => {
        const later = devices.map((device) => ({ ...device, product: 'other', serial: undefined }));
        expect(busEvents(devices, later)).toEqual([]);
      }),
    );
  });

  it('take devices away before their hubs, and bring them behind', () => {
    const hub = deviceInfo({ path: '1-1', address: 2 });
    const device = deviceInfo({ path: '1-1.1', address: 3 });
    expect(busEvents([hub, device], []).map((event) => event.device)).toEqual([device, hub]);
    expect(busEvents([], [hub, device]).map((event) => event.device)).toEqual([hub, device]);
  });

  it('tell of a replug by both, with what was known before and what is known now', () => {
    const before = deviceInfo({ address: 2, serial: 'old' });
    const now = deviceInfo({ address: 3, serial: 'new' });
    expect(busEvents([before], [now])).toEqual([
      { kind: 'detach', device: before },
      { kind: 'attach', device: now },
    ]);
  });
});
