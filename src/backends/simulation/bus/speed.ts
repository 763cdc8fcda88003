import { maxBulkRate } from '../../../usb/speed.js';

/** The signalling rates of virtual devices. */
export type SpeedName = 'full' | 'high' | 'super';

/** What depends on the signalling rate. */
interface Speed {
  /** Mbit/s, as in `DeviceInfo.speed`. */
  readonly signalling: number;
  /** bcdUSB of a device at this rate. */
  readonly usbVersion: number;
  /** wMaxPacketSize of a bulk endpoint, in bytes. */
  readonly packetSize: number;
  /** The bulk payload that the bus can carry, in bytes per second. */
  readonly bulkRate: number;
}

/**
 * For full and high speed, the rate is that of `maxBulkRate`. SuperSpeed has no such table, so
 * the rate is derived: 500 million symbols per second (5 Gbit/s, 8b/10b), of which 2 in 356 are
 * skips. 1,024 bytes take 1,072 symbols: the header of the data packet (20), payload framing and
 * CRC-32 (12), and the link commands for the host's ACK (16). Real hosts stay below this rate.
 */
export const SPEEDS: Readonly<Record<SpeedName, Speed>> = {
  full: { signalling: 12, usbVersion: 0x0200, packetSize: 64, bulkRate: maxBulkRate(12) },
  high: { signalling: 480, usbVersion: 0x0200, packetSize: 512, bulkRate: maxBulkRate(480) },
  super: {
    signalling: 5000,
    usbVersion: 0x0300,
    packetSize: 1024,
    bulkRate: Math.floor(((5e8 * 354) / 356) * (1024 / 1072)),
  },
};
