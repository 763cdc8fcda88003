import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import type { DeviceInfo } from '../../usb/model.js';
import { isSameDevice, POLL_INTERVAL, waitForDevice } from './presence.js';

/** How long a device that is back may take until its drivers are, in milliseconds. */
const SETTLING = 1000;

/** The kernel driver of an interface before a reset and after it; undefined where there is none. */
export interface DriverChange {
  readonly interfaceNumber: number;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What came of a reset. */
export interface ResetResult {
  /** What is at the port now, and configured: not always the same device; undefined: nothing is. */
  readonly now: DeviceInfo | undefined;
  /** Milliseconds from the reset until that was there. */
  readonly milliseconds: number;
  /** Of every interface before and after, of the same device. */
  readonly drivers: readonly DriverChange[];
}

/**
 * Resets the port of a device, and waits until something is there again, with the drivers that it
 * had, or others. What did not come back as it was is a new device to the system.
 *
 * @param timeout how long to wait for it, in milliseconds
 * @throws UsbError as `Backend.open` and, but for `no-device`, `Device.reset`
 */
export async function resetDevice(
  backend: Backend,
  info: DeviceInfo,
  timeout: number,
): Promise<ResetResult> {
  const before = await driversOf(backend, info);
  const device = await backend.open(info);
  const start = performance.now();
  let kept = true;
  try {
    await device.reset();
  } catch (error) {
    if (!(error instanceof UsbError && error.code === 'no-device')) {
      throw error;
    }
    kept = false;
  } finally {
    await device.close();
  }
  // The old one may be listed for a moment more; a new one has another address.
  const isBack = (other: DeviceInfo) =>
    other.path === info.path &&
    other.configurationValue !== undefined &&
    (kept || other.address !== info.address);
  const now = await waitForDevice(backend, isBack, timeout, new AbortController().signal);
  const milliseconds = performance.now() - start;
  const same = now !== undefined && isSameDevice(info, now);
  return { now, milliseconds, drivers: same ? await settle(backend, now, before) : [] };
}

type Drivers = ReadonlyMap<number, string | undefined>;

/** Waits for the drivers that were there before, but not for long: another may be in their place. */
async function settle(
  backend: Backend,
  device: DeviceInfo,
  before: Drivers,
): Promise<DriverChange[]> {
  const until = performance.now() + SETTLING;
  for (;;) {
    const changes = compare(before, await driversOf(backend, device));
    if (!changes.some(isChange) || performance.now() >= until) {
      return changes;
    }
    await sleep(POLL_INTERVAL);
  }
}

/** Whether an interface has another driver than before, one where it had none, or none any more. */
export function isChange({ before, after }: DriverChange): boolean {
  return before !== after;
}

function compare(before: Drivers, after: Drivers): DriverChange[] {
  const numbers = new Set([...before.keys(), ...after.keys()]);
  return [...numbers].map((interfaceNumber) => ({
    interfaceNumber,
    before: before.get(interfaceNumber),
    after: after.get(interfaceNumber),
  }));
}

async function driversOf(backend: Backend, info: DeviceInfo): Promise<Drivers> {
  const { interfaces } = await backend.inspect(info);
  return new Map(interfaces.map(({ interfaceNumber, driver }) => [interfaceNumber, driver]));
}
