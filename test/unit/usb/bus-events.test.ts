import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BusEvent, busEvents, presenceOf } from '../../../src/usb/bus-events.js';
import { comparePaths } from '../../../src/usb/format.js';
import type { DeviceInfo } from '../../../src/usb/model.js';
import { deviceInfo } from '../../support/device-info.js';

const PATHS = ['usb1', '1-1', '1-1.1', '1-1.1.2', '1-2', '2-1'];

/** Generates lists of a bus: at most one device at each port, in order; addresses recur. */
const lists = fc
  .uniqueArray(
    fc.record({ path: fc.constantFrom(...PATHS), address: fc.integer({ max: 4, min: 1 }) }),
    {
      selector: ({ path }) => path,
    },
  )
  .map((places) => places.map(deviceInfo).sort((a, b) => comparePaths(a.path, b.path)));

/** Applies events to a list of devices; each must be possible. */
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
  it('turn the first list into the last, over any sequence', () => {
    fc.assert(
      fc.property(lists, fc.array(lists), (first, others) => {
        let before = first;
        let replayed = first;
        for (const now of others) {
          const events = busEvents(before, now);
          const changed = events.map(({ device }) => presenceOf(device));
          expect(new Set(changed).size).toBe(changed.length); // no device is both connected and disconnected
          replayed = replay(replayed, events);
          expect(replayed.map(({ path, address }) => ({ path, address }))).toEqual(
            now.map(({ path, address }) => ({ path, address })),
          );
          // A device that stays keeps the object of its attach event, with which the next detach is compared.
          before = replayed;
        }
      }),
    );
  });

  it('are none if no device was connected or disconnected, even if other fields changed', () => {
    fc.assert(
      fc.property(lists, (devices) => {
        const later = devices.map((device) => ({ ...device, product: 'other', serial: undefined }));
        expect(busEvents(devices, later)).toEqual([]);
      }),
    );
  });

  it('disconnect devices before their hubs, and connect them after', () => {
    const hub = deviceInfo({ path: '1-1', address: 2 });
    const device = deviceInfo({ path: '1-1.1', address: 3 });
    expect(busEvents([hub, device], []).map((event) => event.device)).toEqual([device, hub]);
    expect(busEvents([], [hub, device]).map((event) => event.device)).toEqual([hub, device]);
  });

  it('report a replug as both, with the old and the new fields', () => {
    const before = deviceInfo({ address: 2, serial: 'old' });
    const now = deviceInfo({ address: 3, serial: 'new' });
    expect(busEvents([before], [now])).toEqual([
      { kind: 'detach', device: before },
      { kind: 'attach', device: now },
    ]);
  });
});
