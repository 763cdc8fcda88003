import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../usb/backend.js';
import { type BusEvent, busEvents, presenceOf } from '../../usb/bus-events.js';
import { UsbError } from '../../usb/errors.js';
import type { DeviceInfo } from '../../usb/model.js';

/** How often to check for a change of the bus, in milliseconds. Listing opens nothing and is cheap. */
export const POLL_INTERVAL = 100;

/**
 * Waits until a device is on the bus.
 *
 * @param wanted returns whether a device is the one to wait for
 * @param timeout maximum wait in milliseconds; Infinity for no limit
 * @param signal ends the wait
 * @param since accepts only the devices that are new to it
 * @returns undefined when the timeout or the signal came first
 * @throws UsbError as `Backend.list`
 */
export async function waitForDevice(
  backend: Backend,
  wanted: (device: DeviceInfo) => boolean,
  timeout: number,
  signal: AbortSignal,
  since?: NewDevices,
): Promise<DeviceInfo | undefined> {
  const until = performance.now() + timeout;
  while (!signal.aborted) {
    const present = await listOrNone(backend);
    const found = (since?.among(present) ?? present).find(wanted);
    if (found !== undefined || performance.now() >= until) {
      return found;
    }
    await sleep(POLL_INTERVAL, undefined, { signal }).catch(() => {}); // the loop checks the signal
  }
  return undefined;
}

/** Lists the devices; none while the server that has them cannot be reached. */
async function listOrNone(backend: Backend): Promise<DeviceInfo[]> {
  try {
    return await backend.list();
  } catch (error) {
    if (error instanceof UsbError && error.code === 'no-server') {
      return [];
    }
    throw error;
  }
}

/** Returns whether a device can be used: it has a configuration, or gets one when it is opened. */
export function isReady({ isPartial, configurationValue }: DeviceInfo): boolean {
  return isPartial === true || configurationValue !== undefined;
}

/**
 * Returns all that is known about a listed device. If the list is partial, opens the device and closes it.
 *
 * @throws UsbError as `Backend.open`
 */
export async function lookInto(backend: Backend, info: DeviceInfo): Promise<DeviceInfo> {
  if (!info.isPartial) {
    return info;
  }
  const device = await backend.open(info);
  await device.close();
  return device.info;
}

/**
 * Returns all that is known about a listed device, which is opened soon. If the list is partial, the device
 * is kept open until then.
 *
 * @throws UsbError as `Backend.open`
 */
export async function examine(backend: Backend, info: DeviceInfo): Promise<DeviceInfo> {
  return (info.isPartial && (await backend.examine?.(info))) || info;
}

/** Recognizes the devices that appear after a first look at the bus. */
export class NewDevices {
  /** The devices of the first look that have been on the bus ever since. */
  #old: ReadonlySet<string>;

  /** @param present the devices of the first look */
  constructor(present: readonly DeviceInfo[]) {
    this.#old = new Set(present.map(presenceOf));
  }

  /** Returns those of the devices on the bus that have appeared since, also if they had been there before. */
  among(present: readonly DeviceInfo[]): DeviceInfo[] {
    this.#old = new Set(present.map(presenceOf).filter((device) => this.#old.has(device)));
    return present.filter((device) => !this.#old.has(presenceOf(device)));
  }
}

/**
 * Returns whether a device is the same as one seen before: at the same port, with the same IDs and
 * serial number, as far as these are known. Its address changes each time it is plugged in.
 */
export function isSameDevice(before: DeviceInfo, now: DeviceInfo): boolean {
  return (
    now.path === before.path &&
    now.vid === before.vid &&
    now.pid === before.pid &&
    (now.serial === before.serial || now.isPartial === true || before.isPartial === true)
  );
}

/**
 * The number of checks without a change after which the bus has settled. Before that, the kernel may
 * still configure a new device; a device that is unconfigured after that is reported as it is.
 */
const SETTLED = 10;

/** The part of a backend that `watchBus` uses. */
export interface WatchedBus extends Pick<Backend, 'list'> {
  /**
   * Returns a text that changes whenever a device is connected or disconnected, and costs much less
   * than a list; undefined if that is not available.
   */
  readonly fingerprint?: (() => Promise<string>) | undefined;
}

/**
 * Yields events as devices are connected and disconnected: first `present` for each connected device,
 * then the events of each change.
 *
 * A device is reported as attached once it is configured, or once the bus has settled; a device that
 * is disconnected before that is not reported. The bus is checked again only when the events have been
 * consumed: a slow consumer misses short-lived changes, but its events are consistent.
 *
 * Polls the bus, which opens nothing. Unlike libusb's hotplug events, polling needs neither
 * permissions nor a udev daemon.
 *
 * @param signal ends the generator
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
      const reported = new Set(known.map(presenceOf));
      const present = (await bus.list()).filter(
        (device) => unsettled === 0 || isReady(device) || reported.has(presenceOf(device)),
      );
      const events = busEvents(known, present);
      known = present;
      if (events.length > 0) {
        yield events;
      }
    }
    await sleep(POLL_INTERVAL, undefined, { signal }).catch(() => {}); // the loop checks the signal
  }
}
