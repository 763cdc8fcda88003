import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, Device } from '../../usb/backend.js';
import { type BusEvent, busEvents, presenceOf } from '../../usb/bus-events.js';
import type { DeviceInfo } from '../../usb/model.js';
import type { Outcome } from '../session/outcome.js';

/** How often to check for a change of the bus, in milliseconds. Listing opens nothing and is cheap. */
export const POLL_INTERVAL = 100;

/**
 * Waits until a device is on the bus.
 *
 * @param wanted whether a device is the one
 * @param timeout milliseconds to wait at most; Infinity for ever
 * @param signal ends the waiting
 * @returns undefined when the time was over, or the signal came, first
 * @throws UsbError as `Backend.list`
 */
export async function waitForDevice(
  backend: Backend,
  wanted: (device: DeviceInfo) => boolean,
  timeout: number,
  signal: AbortSignal,
): Promise<DeviceInfo | undefined> {
  const until = performance.now() + timeout;
  while (!signal.aborted) {
    const found = (await backend.list()).find(wanted);
    if (found !== undefined || performance.now() >= until) {
      return found;
    }
    await sleep(POLL_INTERVAL, undefined, { signal }).catch(() => {}); // the signal is looked at above
  }
  return undefined;
}

/**
 * Whether a device is the one that was there before: at the same port, of the same kind, with the
 * same serial number. Its address is a new one after every plug.
 */
export function isSameDevice(before: DeviceInfo, now: DeviceInfo): boolean {
  return (
    now.path === before.path &&
    now.vid === before.vid &&
    now.pid === before.pid &&
    now.serial === before.serial
  );
}

/** How long a device may take to vanish from the bus after its first errors, in milliseconds. */
const UNPLUG_GRACE = 1000;

/** How often to look whether a device is there of which nothing is asked, in milliseconds. */
const IDLE_POLL = 1000;

/**
 * What errors were the beginning of: the kernel reports a burst of them when a device is unplugged,
 * and removes it a little later.
 *
 * @returns the end; as `device-lost` where it was an error and the device went
 */
export async function classifyError(end: Outcome, device: Device): Promise<Outcome> {
  return end.reason === 'error' && (await disconnectsSoon(device))
    ? { ...end, reason: 'device-lost' }
    : end;
}

/** Whether a device goes, or is gone, behind an error that may have been the beginning of that. */
export async function disconnectsSoon(device: Device): Promise<boolean> {
  const until = performance.now() + UNPLUG_GRACE;
  while (await device.isConnected()) {
    if (performance.now() >= until) {
      return false;
    }
    await sleep(POLL_INTERVAL);
  }
  return true;
}

/**
 * Stops what waits for its other end when the device is gone: with nothing in flight, no transfer
 * would tell. Returns what ends the watch.
 */
export function stopOnDisconnect(
  device: Device,
  inFlight: () => number,
  stop: (end: Outcome) => void,
): () => void {
  const timer = setInterval(async () => {
    if (inFlight() === 0 && !(await device.isConnected())) {
      stop({ reason: 'device-lost' });
    }
  }, IDLE_POLL);
  return () => clearInterval(timer);
}

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
  readonly fingerprint?: (() => Promise<string>) | undefined;
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
  const fingerprint = bus.fingerprint ?? (async () => (await bus.list()).map(presenceOf).join());
  let known = await bus.list();
  yield known.map((device) => ({ kind: 'present', device }));
  let seen: string | undefined;
  let unsettled = 0;
  while (!signal.aborted) {
    const now = await fingerprint();
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
          device.configurationValue !== undefined ||
          told.has(presenceOf(device)),
      );
      const events = busEvents(known, present);
      known = present;
      if (events.length > 0) {
        yield events;
      }
    }
    await sleep(POLL_INTERVAL, undefined, { signal }).catch(() => {}); // the signal is looked at above
  }
}
