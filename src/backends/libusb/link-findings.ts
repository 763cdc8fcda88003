import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceInfo } from '../../usb/backend.js';
import type { Finding } from '../../usb/diagnosis.js';
import { fastestRate } from '../../usb/parse-bos.js';

/** In Mbit/s. */
const HIGH_SPEED = 480;
const SUPERSPEED = 5000;

/**
 * Whether the link is slower than what the device is sure to be able to: by its own word alone,
 * most of which (`bos_descriptors`) older kernels do not show.
 *
 * @param root another folder of the form of /sys/bus/usb/devices, for tests
 */
export function linkFindings({ path, speed }: DeviceInfo, root: string): Finding[] {
  if (speed === undefined) {
    return [];
  }
  const about = { id: 'link', device: path } as const;
  const folder = join(root, path);
  const fastest = fastestRate(read(folder, 'bos_descriptors')) ?? rateOfVersion(folder, speed);
  if (fastest <= speed) {
    return [{ ...about, status: 'ok', message: `the link does ${speed} Mbit/s` }];
  }
  return [
    {
      ...about,
      status: 'warning',
      message: `the link does ${speed} Mbit/s, and the device could do ${fastest} Mbit/s`,
      fix: 'use a port and a cable for that speed, and no slower hub between them',
    },
  ];
}

/** bcdUSB: at high speed a USB 3 device says 2.10, as others do, so that only 3.00 tells. */
function rateOfVersion(folder: string, speed: number): number {
  const version = Number.parseFloat(read(folder, 'version').toString('latin1'));
  return version >= 3 && speed <= HIGH_SPEED ? SUPERSPEED : speed;
}

/**
 * Whether the system suspends the device while nobody has it open (power/usb/power-management in the
 * kernel's documents).
 *
 * @param root another folder of the form of /sys/bus/usb/devices, for tests
 */
export function autosuspendFindings({ path }: DeviceInfo, root: string): Finding[] {
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
        fix: `echo on | sudo tee ${join(folder, 'control')}`,
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
