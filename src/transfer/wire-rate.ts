import type { DeviceInfo } from '../usb/backend.js';

/** Bytes that a device's bus can signal in a second; what is left of them for data is less. */
export function wireRate({ speed }: DeviceInfo): number | undefined {
  return speed === undefined ? undefined : (speed * 1_000_000) / 8;
}
