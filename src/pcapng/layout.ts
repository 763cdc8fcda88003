import type { TransferType } from '../usb/model.js';
import type { UsbEvent } from './usb-packet.js';

/*
 * The layout of pcapng files with USB packets (IETF draft-ietf-opsawg-pcapng; kernel
 * Documentation/usb/usbmon.rst; USBPcap's capture format). Offsets and lengths are in bytes.
 */

/** The types of blocks. */
export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
export const INTERFACE_STATISTICS = 5;
export const ENHANCED_PACKET = 6;

/** In a section header: its byte order is that of this number. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Type and length before the contents of a block, and the length again after them. */
export const BLOCK_HEAD = 8;
export const BLOCK_TAIL = 4;

/** The start of an enhanced packet block, up to the packet: interface, time, and two lengths. */
export const PACKET_HEAD = BLOCK_HEAD + 20;

/** The codes of options. Each option has a code and a length of 16 bits, and is padded to 4 bytes. */
export const OPTION = {
  end: 0,
  comment: 1,
  sectionHardware: 2,
  sectionOs: 3,
  sectionApplication: 4,
  interfaceName: 2,
  interfaceTimeResolution: 9,
  interfaceOs: 12,
  packetFlags: 2,
  statisticsStart: 2,
  statisticsEnd: 3,
  statisticsReceived: 4,
  statisticsDropped: 5,
} as const;

/** The direction of a packet, in bits 1..0 of its flags. */
export const INBOUND = 1;
export const OUTBOUND = 2;

/** Link types: what the packets of an interface are. */
export const USB_LINUX = 189;
export const USB_LINUX_MMAPPED = 220;
export const USBPCAP = 249;

/** The length of the header of a packet of each Linux link type. */
export const USB_LINUX_HEADER = 48;
export const USB_LINUX_MMAPPED_HEADER = 64;

/** Fields of the header of both Linux link types, in the byte order of the section. */
export const FIELD = {
  id: 0,
  event: 8,
  type: 9,
  endpoint: 10,
  device: 11,
  bus: 12,
  setupFlag: 14,
  dataFlag: 15,
  seconds: 16,
  microseconds: 24,
  status: 28,
  length: 32,
  captured: 36,
  setup: 40,
  /** The rest is in link type 220 only. */
  interval: 48,
  startFrame: 52,
  flags: 56,
  isochronousDescriptors: 60,
} as const;

/** The codes of the events. */
export const EVENT_CODES: Readonly<Record<UsbEvent, number>> = { S: 0x53, C: 0x43, E: 0x45 };

/** The transfer types by their code. USBPcap has the same codes. */
export const TYPES_BY_CODE = [
  'isochronous',
  'interrupt',
  'control',
  'bulk',
] as const satisfies readonly TransferType[];

/** The flag of the setup packet: it is there, or not. */
export const SETUP_PRESENT = 0;
export const SETUP_ABSENT = 0x2d; // -

/** The flag of the data: it is there, or not at the submission (IN) or completion (OUT). */
export const DATA_PRESENT = 0;
export const DATA_NOT_YET = 0x3c; // <
export const DATA_BEFORE = 0x3e; // >

/** In the flags of a header: the kernel's URB_DIR_IN. */
export const URB_IN = 0x200;

/** Returns a length rounded up to 4 bytes, as blocks and options are padded. */
export function padded(length: number): number {
  return length + (-length & 3);
}
