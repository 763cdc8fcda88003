import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import type { DeviceInfo } from '../../usb/model.js';
import { isReady, isSameDevice, POLL_INTERVAL, waitForDevice } from './presence.js';

/** How long to wait for the drivers of a device to be bound again, in milliseconds. */
const SETTLE_TIMEOUT = 1000;

/** The kernel driver of an interface before and after a reset; undefined for none. */
interface DriverChange {
  readonly interfaceNumber: number;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The result of a reset. */
export interface ResetResult {
  /** The configured device at the port after the reset, maybe another one; undefined for none. */
  readonly now: DeviceInfo | undefined;
  /** Milliseconds from the reset until that device was present. */
  readonly milliseconds: number;
  /** The drivers of all interfaces; empty if another device is at the port. */
  readonly drivers: readonly DriverChange[];
}

/**
 * Resets the port of a device, and waits for a device at the port and for its drivers. The system
 * treats a device whose descriptors changed as a new one.
 *
 * @param timeout maximum wait for the device, in milliseconds
 * @throws UsbError as `Backend.open` and, except for `no-device`, `Device.reset`
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
  // The old device may be listed for a moment after the reset; a new one has another address.
  const isBack = (other: DeviceInfo) =>
    other.path === info.path && isReady(other) && (kept || other.address !== info.address);
  const now = await waitForDevice(backend, isBack, timeout, new AbortController().signal);
  const milliseconds = performance.now() - start;
  const same = now !== undefined && isSameDevice(info, now);
  return { now, milliseconds, drivers: same ? await waitForDrivers(backend, now, before) : [] };
}

type Drivers = ReadonlyMap<number, string | undefined>;

/** Waits up to a second for the drivers from before the reset. Others may be bound instead. */
async function waitForDrivers(
  backend: Backend,
  device: DeviceInfo,
  before: Drivers,
): Promise<DriverChange[]> {
  const until = performance.now() + SETTLE_TIMEOUT;
  for (;;) {
    const changes = compare(before, await driversOf(backend, device));
    if (!changes.some(isChange) || performance.now() >= until) {
      return changes;
    }
    await sleep(POLL_INTERVAL);
  }
}

/** Returns whether the driver of an interface changed, including from or to none. */
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
