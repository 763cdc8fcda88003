import { splitDescriptors } from './descriptors/tree.js';
import type { DeviceInfo } from './model.js';

/** bDescriptorType of a capability (USB 3.2 table 9-6). */
const DEVICE_CAPABILITY = 0x10;

/** bDevCapabilityType (USB 3.2 table 9-14) of the capabilities with a speed. */
const SUPERSPEED = 0x03;
const SUPERSPEED_PLUS = 0x0a;

/** Mbit/s for each bit of wSpeedsSupported (USB 3.2 §9.6.2.2). */
const SPEEDS_SUPPORTED = [1.5, 12, 480, 5000];

/** Mbit/s for each lane speed exponent (USB 3.2 §9.6.2.5). */
const EXPONENTS = [1e-6, 1e-3, 1, 1e3];

/** The minimum bcdUSB of a device at SuperSpeed; at other speeds it reports 2.10 (USB 3.2 §9.6.1). */
const USB_3 = 0x0300;
const USB_2_1 = 0x0210;

/** The fastest signalling rate of USB 2, in Mbit/s. */
export const USB_2_SPEED = 480;

/**
 * Returns whether only its BOS descriptor shows if a device could run faster: a SuperSpeed device in a
 * USB 2 port reports USB 2.10 (USB 3.2 §9.6.1), and so do some USB 2 devices.
 */
export function mayBeSuperSpeed({ speed, usbVersion }: DeviceInfo): boolean {
  return usbVersion === USB_2_1 && speed !== undefined && speed <= USB_2_SPEED;
}

/**
 * Returns the fastest signalling rate that a device advertises, in Mbit/s; undefined if it advertises
 * none. USB 2.0 devices advertise a rate only in a BOS descriptor. Two lanes are not taken into
 * account, so the device may be faster.
 *
 * @param bcdUsb bcdUSB of the device descriptor
 * @param bos the BOS descriptor with all capabilities (USB 3.2 §9.6.2), if it is known
 */
export function advertisedSpeed(bcdUsb: number, bos: Uint8Array | undefined): number | undefined {
  const capabilities = bos === undefined ? [] : splitDescriptors(bos).descriptors;
  const speeds = [...capabilities.flatMap(speedsOf), ...(bcdUsb >= USB_3 ? [5000] : [])];
  return speeds.length === 0 ? undefined : Math.max(...speeds);
}

function speedsOf(capability: Uint8Array): number[] {
  const view = new DataView(capability.buffer, capability.byteOffset, capability.byteLength);
  const type = capability[1] === DEVICE_CAPABILITY ? capability[2] : undefined;
  if (type === SUPERSPEED && capability.length >= 10) {
    const supported = view.getUint16(4, true);
    return SPEEDS_SUPPORTED.filter((_, bit) => (supported & (1 << bit)) !== 0);
  }
  if (type === SUPERSPEED_PLUS && capability.length >= 12) {
    const count = (view.getUint32(4, true) & 0x1f) + 1;
    const present = Math.min(count, Math.floor((capability.length - 12) / 4));
    return Array.from({ length: present }, (_, i) => laneSpeed(view.getUint32(12 + 4 * i, true)));
  }
  return [];
}

/** Decodes bmSublinkSpeedAttr: the mantissa in bits 31..16, the exponent in bits 5..4. */
function laneSpeed(attributes: number): number {
  return (attributes >>> 16) * (EXPONENTS[(attributes >>> 4) & 3] ?? 0);
}

const FULL_SPEED = 12;
const FRAMES = 1000;
const MICROFRAMES = 8000;

/**
 * Returns the bytes per second of bulk data that a bus carries at most; Infinity for a rate without a table.
 * It follows from the maximum number of bulk transactions in a frame of 1 ms and a microframe of 125 µs
 * (USB 2.0 tables 5-9 and 5-10).
 *
 * @param signalling Mbit/s, as in `DeviceInfo.speed`
 */
export function maxBulkRate(signalling: number | undefined): number {
  switch (signalling) {
    case FULL_SPEED:
      return 19 * 64 * FRAMES;
    case USB_2_SPEED:
      return 13 * 512 * MICROFRAMES;
    default:
      return Number.POSITIVE_INFINITY;
  }
}
