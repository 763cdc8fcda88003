import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceInfo } from '../../../usb/backend.js';
import type { CheckResult } from '../../../usb/check-result.js';
import { advertisedSpeed } from '../../../usb/speed.js';

/**
 * Whether the link is slower than what the device is sure to be able to: by its own word alone,
 * most of which (`bos_descriptors`) older kernels do not show.
 *
 * @param root another folder of the form of /sys/bus/usb/devices, for tests
 */
export function linkFindings({ path, speed, usbVersion }: DeviceInfo, root: string): CheckResult[] {
  if (speed === undefined) {
    return [];
  }
  const about = { id: 'link', device: path } as const;
  const bos = read(join(root, path), 'bos_descriptors');
  const fastest = advertisedSpeed(usbVersion, bos) ?? speed;
  if (fastest <= speed) {
    return [{ ...about, status: 'ok', message: `the link does ${speed} Mbit/s` }];
  }
  return [
    {
      ...about,
      status: 'warning',
      message: `the link does ${speed} Mbit/s, and the device could do ${fastest} Mbit/s`,
      remedy: { kind: 'use-faster-link' },
    },
  ];
}

/**
 * Whether the system suspends the device while nobody has it open (power/usb/power-management in the
 * kernel's documents).
 *
 * @param root another folder of the form of /sys/bus/usb/devices, for tests
 */
export function autosuspendFindings({ path }: DeviceInfo, root: string): CheckResult[] {
  const folder = join(root, path, 'power');
  const control = read(folder, 'control').toString('latin1').trim();
  const delay = Number.parseInt(read(folder, 'autosuspend_delay_ms').toString('latin1'), 10);
  const about = { id: 'autosuspend', device: path } as const;
  if (control === 'auto' && delay >= 0) {
    return [
      {
        ...about,
        status: 'warning',
        message: `it is suspended after ${delay / 1000} s without use, which some devices do not survive`,
        remedy: { kind: 'keep-awake', file: join(folder, 'control') },
      },
    ];
  }
  return control === ''
    ? []
    : [{ ...about, status: 'ok', message: 'it is not suspended when nobody uses it' }];
}

/** Empty where the kernel or the device has no such attribute. */
function read(folder: string, attribute: string): Buffer {
  try {
    return readFileSync(join(folder, attribute));
  } catch {
    return Buffer.alloc(0);
  }
}
