import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../usb/backend.js';
import { type BusEvent, busEvents, presenceOf } from '../usb/bus-events.js';

/** How often the bus is looked at, in milliseconds. */
const POLL = 100;

/**
 * How many looks without a change it takes until the bus has settled. Until then the kernel may be
 * busy with what has come; one that it leaves unconfigured after that stays so for now.
 */
const SETTLED = 10;

/** A bus that can be watched. */
export interface WatchedBus extends Pick<Backend, 'list'> {
  /**
   * Something that changes whenever a device comes or goes, and which costs much less than a list;
   * undefined where there is no such thing.
   */
  readonly glance?: (() => Promise<string>) | undefined;
}

/**
 * Tells of devices as they come and go: first, in any case, which are `present`, then what happened
 * each time that something did.
 *
 * A device is told as attached once it is configured, or the bus has settled without that; one that
 * leaves before is not told of at all. The bus is looked at again when the events have been taken, so
 * that whoever is slow is told less, but nothing that does not fit together.
 *
 * The bus is polled: nothing is opened, it needs no rights and no udev daemon, which libusb's own news
 * of devices does.
 *
 * @param signal ends the watching
 * @throws UsbError as `Backend.list`
 */
export async function* watchBus(
  bus: WatchedBus,
  signal: AbortSignal,
): AsyncGenerator<readonly BusEvent[], void> {
  const glance = bus.glance ?? (async () => (await bus.list()).map(presenceOf).join());
  let known = await bus.list();
  yield known.map((device) => ({ kind: 'present', device }));
  let seen: string | undefined;
  let unsettled = 0;
  while (!signal.aborted) {
    const now = await glance();
    if (now !== seen) {
      seen = now;
      unsettled = SETTLED;
    }
    if (unsettled > 0) {
      unsettled -= 1;
      const told = new Set(known.map(presenceOf));
      const present = (await bus.list()).filter(
        (device) =>
          unsettled === 0 ||
          device.activeConfiguration !== undefined ||
          told.has(presenceOf(device)),
      );
      const events = busEvents(known, present);
      known = present;
      if (events.length > 0) {
        yield events;
      }
    }
    await sleep(POLL, undefined, { signal }).catch(() => {}); // the signal is looked at above
  }
}
