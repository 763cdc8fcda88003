import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, DeviceInfo } from '../usb/backend.js';

/** How often the bus is looked at, in milliseconds. Listing opens nothing and costs little. */
const POLL = 100;

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
    await sleep(POLL, undefined, { signal }).catch(() => {}); // the signal is looked at above
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
