import { setTimeout as sleep } from 'node:timers/promises';
import type { Device } from '../usb/backend.js';
import type { End } from './end.js';
import type { Statistics } from './statistics.js';

/** How long a device may take to vanish from the bus after its first errors, in milliseconds. */
const UNPLUG_GRACE = 1000;
const UNPLUG_POLL = 50;

/** How often to look whether a device is there of which nothing is asked, in milliseconds. */
const IDLE_POLL = 1000;

/**
 * What errors were the beginning of: the kernel reports a burst of them when a device is unplugged,
 * and removes it a little later.
 *
 * @returns the end; as `device-lost` where it was an error and the device went
 */
export async function explainError(end: End, device: Device): Promise<End> {
  return end.reason === 'error' && (await vanishes(device))
    ? { ...end, reason: 'device-lost' }
    : end;
}

/** Whether a device goes, or is gone, behind an error that may have been the beginning of that. */
export async function vanishes(device: Device): Promise<boolean> {
  const until = performance.now() + UNPLUG_GRACE;
  while (await device.isConnected()) {
    if (performance.now() >= until) {
      return false;
    }
    await sleep(UNPLUG_POLL);
  }
  return true;
}

/**
 * Stops what waits for its other end when the device is gone: with nothing in flight, no transfer
 * would tell. Returns what ends the watch.
 */
export function stopWhenGone(
  device: Device,
  statistics: Statistics,
  stop: (end: End) => void,
): () => void {
  const timer = setInterval(async () => {
    if (statistics.inFlight === 0 && !(await device.isConnected())) {
      stop({ reason: 'device-lost' });
    }
  }, IDLE_POLL);
  return () => clearInterval(timer);
}
