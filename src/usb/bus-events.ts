import type { DeviceInfo } from './model.js';

/** A device came to the bus or left it; `present` was there when the watching began. */
export interface BusEvent {
  readonly kind: 'present' | 'attach' | 'detach';
  readonly device: DeviceInfo;
}

/**
 * What a device is told by while it is on the bus. Its address is a new one after every plug, so that
 * the same device at the same port is another one then.
 */
export function presenceOf({ path, address }: DeviceInfo): string {
  return `${path}@${address}`;
}

/**
 * What happened between two looks at a bus: first what left, devices before their hubs, then what
 * came, hubs before their devices. One that was replugged in between is among both.
 *
 * @param before as `Backend.list` told, by which an event of `detach` describes its device
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

/** Those of the devices that are not among the others. */
function missing(devices: readonly DeviceInfo[], others: readonly DeviceInfo[]): DeviceInfo[] {
  const present = new Set(others.map(presenceOf));
  return devices.filter((device) => !present.has(presenceOf(device)));
}
