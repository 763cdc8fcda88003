import { join } from 'node:path';
import type { CheckResult } from '../../../usb/check-result.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { advertisedSpeed } from '../../../usb/speed.js';
import { readBytes, readText } from '../linux/attributes.js';
import type { SystemFiles } from '../linux/paths.js';

/**
 * Checks whether the link is slower than the device advertises. Most of that is in `bos_descriptors`,
 * which older kernels do not show. Returns no result if the speed of the link is unknown.
 */
export function checkLink(
  { path, speed, usbVersion }: DeviceInfo,
  { devices }: Pick<SystemFiles, 'devices'>,
): CheckResult[] {
  if (speed === undefined) {
    return [];
  }
  const about = { id: 'link', device: path } as const;
  const fastest =
    advertisedSpeed(usbVersion, readBytes(join(devices, path, 'bos_descriptors'))) ?? speed;
  if (fastest <= speed) {
    return [{ ...about, status: 'ok', message: `the link runs at ${speed} Mbit/s` }];
  }
  return [
    {
      ...about,
      status: 'warning',
      message: `the link runs at ${speed} Mbit/s; the device supports ${fastest} Mbit/s`,
      remedy: { kind: 'use-faster-link' },
    },
  ];
}

/**
 * Checks whether the system suspends the device while it is not open (power/usb/power-management in
 * the kernel documentation). Returns no result if the kernel has no power management.
 */
export function checkAutosuspend(
  { path }: DeviceInfo,
  { devices }: Pick<SystemFiles, 'devices'>,
): CheckResult[] {
  const about = { id: 'autosuspend', device: path } as const;
  const file = join(devices, path, 'power/control');
  const control = readText(file)?.trim();
  const delay = Number.parseInt(
    readText(join(devices, path, 'power/autosuspend_delay_ms')) ?? '',
    10,
  );
  if (control === 'auto' && delay >= 0) {
    return [
      {
        ...about,
        status: 'warning',
        message: `the device is suspended after ${delay / 1000} s without use, and some devices fail after that`,
        remedy: { kind: 'keep-awake', file },
      },
    ];
  }
  return control === undefined
    ? []
    : [{ ...about, status: 'ok', message: 'the device is not suspended when it is not in use' }];
}
