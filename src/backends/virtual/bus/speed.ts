/** The signalling rates that a virtual device can have. */
export type SpeedName = 'full' | 'high' | 'super';

/** What a signalling rate means for bulk endpoints. */
export interface Speed {
  /** Mbit/s, as in `DeviceInfo.speed`. */
  readonly signalling: number;
  /** bcdUSB of a device at that rate. */
  readonly usbVersion: number;
  /** wMaxPacketSize of a bulk endpoint, in bytes. */
  readonly packetSize: number;
  /** Bulk payload that the bus can carry, in bytes per second. */
  readonly bulkRate: number;
}

const FRAMES = 1000;
const MICROFRAMES = 8000;

/**
 * Full and high speed: the most bulk transactions in a frame (USB 2.0 tables 5-9 and 5-10), of
 * 1 ms and 125 µs. SuperSpeed has no such table; derived: 500 million symbols per second (5 Gbit/s,
 * 8b/10b), of which 2 in 356 are skips; each 1,024 bytes take 1,072: the data packet's header (20),
 * payload framing and CRC-32 (12), and the link commands that answer the host's ACK (16). It is a
 * ceiling: real hosts stay below.
 */
export const SPEEDS: Readonly<Record<SpeedName, Speed>> = {
  full: { signalling: 12, usbVersion: 0x0200, packetSize: 64, bulkRate: 19 * 64 * FRAMES },
  high: { signalling: 480, usbVersion: 0x0200, packetSize: 512, bulkRate: 13 * 512 * MICROFRAMES },
  super: {
    signalling: 5000,
    usbVersion: 0x0300,
    packetSize: 1024,
    bulkRate: Math.floor(((5e8 * 354) / 356) * (1024 / 1072)),
  },
};
