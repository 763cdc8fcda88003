import type { DeviceInfo } from './model.js';

/** A device was connected or disconnected, or was `present` when watching began. */
export interface BusEvent {
  /** What happened. */
  readonly kind: 'present' | 'attach' | 'detach';
  /** The device; for `detach`, as it was. */
  readonly device: DeviceInfo;
}

/**
 * Identifies a device while it is on the bus. The address changes each time the device is plugged in,
 * so a replugged device has another identity.
 */
export function presenceOf({ path, address }: DeviceInfo): string {
  return `${path}@${address}`;
}

/**
 * Returns the events that lead from one list of devices to the next: first the disconnected devices,
 * each before its hub, then the connected devices, each after its hub. A replugged device has an event
 * of each kind.
 *
 * @param before the older list; `detach` events contain its devices
 */
export function busEvents(
  before: readonly DeviceInfo[],
  now: readonly DeviceInfo[],
): readonly BusEvent[] {
  return [
    ...missing(before, now)
      .toReversed()
      .map((device): BusEvent => ({ kind: 'detach', device })),
    ...missing(now, before).map((device): BusEvent => ({ kind: 'attach', device })),
  ];
}

/** Returns the devices that are not among the others. */
function missing(devices: readonly DeviceInfo[], others: readonly DeviceInfo[]): DeviceInfo[] {
  const present = new Set(others.map(presenceOf));
  return devices.filter((device) => !present.has(presenceOf(device)));
}
