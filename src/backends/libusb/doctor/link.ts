import { join } from 'node:path';
import type { Backend } from '../../../usb/backend.js';
import type { CheckResult } from '../../../usb/check-result.js';
import { requestBos } from '../../../usb/descriptors/bos.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { advertisedSpeed, mayBeSuperSpeed } from '../../../usb/speed.js';
import { readBytes, readText } from '../linux/attributes.js';
import type { SystemFiles } from '../linux/paths.js';

/**
 * Reads the BOS descriptor of a device: from sysfs or, as older kernels do not show it, from a device
 * that may be faster than its link.
 *
 * @returns undefined if it is not known, also because the device cannot be opened
 */
export async function readBos(
  device: DeviceInfo,
  { devices }: Pick<SystemFiles, 'devices'>,
  open: Backend['open'],
): Promise<Uint8Array | undefined> {
  const shown = readBytes(join(devices, device.path, 'bos_descriptors'));
  if (shown !== undefined || !mayBeSuperSpeed(device)) {
    return shown;
  }
  try {
    const opened = await open(device);
    try {
      return await requestBos(opened);
    } finally {
      await opened.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * Checks whether the link is slower than the device advertises. Returns no result if the speed of the
 * link or of the device is unknown.
 *
 * @param bos see `readBos`
 */
export function checkLink(device: DeviceInfo, bos: Uint8Array | undefined): CheckResult[] {
  const { path, speed, usbVersion } = device;
  if (speed === undefined || (bos === undefined && mayBeSuperSpeed(device))) {
    return [];
  }
  const about = { id: 'link', device: path } as const;
  const fastest = advertisedSpeed(usbVersion, bos) ?? speed;
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
 * Checks whether the link keeps the data of cancelled transfers. Returns no result if it does.
 */
export function checkCancel({ path, cancelKeepsData }: DeviceInfo): CheckResult[] {
  const message =
    'the device is attached through USB/IP, where a cancelled transfer loses its data: only a ' +
    'capture that ends at a limit in bytes, transfers or messages loses none';
  return cancelKeepsData ? [] : [{ id: 'usbip', device: path, status: 'warning', message }];
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
