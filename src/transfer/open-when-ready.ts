import { setTimeout as sleep } from 'node:timers/promises';

/** How long a device that has just appeared may take until it can be opened, in milliseconds. */
const GRACE = 5000;
const POLL = 100;

/**
 * Opens what has just been plugged in: libusb hears of a device, and udev sets its rights, a little
 * after the kernel shows it.
 *
 * @param open tries it
 * @param stopped ends the trying
 * @throws what `open` threw last
 */
export async function openWhenReady<Opened>(
  open: () => Promise<Opened>,
  stopped: AbortSignal,
): Promise<Opened> {
  const until = performance.now() + GRACE;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (performance.now() >= until || stopped.aborted) {
        throw error;
      }
      await sleep(POLL);
    }
  }
}
