import { directionOf } from '../usb/model.js';
import {
  DATA_PRESENT,
  EVENT_CODES,
  FIELD,
  SETUP_PRESENT,
  TYPES_BY_CODE,
  USB_LINUX,
  USB_LINUX_HEADER,
  USB_LINUX_MMAPPED,
  USB_LINUX_MMAPPED_HEADER,
  USBPCAP,
} from './layout.js';
import { IN_PROGRESS, type UsbEvent, type UsbPacket } from './usb-packet.js';

/*
 * Decodes the headers of USB packets, of each link type. They are untrusted.
 */

/** A packet of a capture file, without its data, which stays in the file. */
export interface CapturedPacket extends Omit<UsbPacket, 'data' | 'comments'> {
  /**
   * Bytes to move at `S`, bytes moved otherwise. USBPcap does not say how much the device accepted:
   * Infinity for all of it.
   */
  readonly length: number;
  /** The name of the interface that it was captured from; undefined if it has none. Untrusted. */
  readonly interfaceName: string | undefined;
  /** Where its data begins in the file, in bytes. */
  readonly dataOffset: number;
  /** The bytes of data in the file: fewer than `length` if the capture was cut. */
  readonly dataLength: number;
}

/** Where a packet is. */
export interface PacketPlace {
  /** Bytes of the file, of which those of the packet begin at `index`. */
  readonly bytes: Buffer;
  readonly index: number;
  /** The place of the packet in the file, and its bytes there. */
  readonly offset: number;
  readonly captured: number;
  readonly littleEndian: boolean;
  /** Nanoseconds since 1970; undefined if the block has none. */
  readonly time: bigint | undefined;
  readonly interfaceName: string | undefined;
}

/** The most bytes that a header takes, with the setup packet that follows it in USBPcap. */
export const MAX_HEADER = 64;

/** Decodes a packet; returns undefined if it is none of a transfer, or too short for its header. */
export function decodePacket(linkType: number, place: PacketPlace): CapturedPacket | undefined {
  switch (linkType) {
    case USB_LINUX:
      return decodeUsbmon(place, USB_LINUX_HEADER);
    case USB_LINUX_MMAPPED:
      return decodeUsbmon(place, USB_LINUX_MMAPPED_HEADER);
    case USBPCAP:
      return decodeUsbPcap(place);
    default:
      return undefined;
  }
}

const EVENTS: ReadonlyMap<number, UsbEvent> = new Map(
  (Object.keys(EVENT_CODES) as UsbEvent[]).map((event) => [EVENT_CODES[event], event]),
);

const SETUP_LENGTH = 8;

/** Decodes a packet of usbmon (kernel Documentation/usb/usbmon.rst). */
function decodeUsbmon(place: PacketPlace, headerLength: number): CapturedPacket | undefined {
  const { bytes, index, captured, littleEndian } = place;
  if (captured < headerLength) {
    return undefined;
  }
  const event = EVENTS.get(bytes[index + FIELD.event] ?? 0);
  const type = TYPES_BY_CODE[bytes[index + FIELD.type] ?? TYPES_BY_CODE.length];
  if (event === undefined || type === undefined) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + index, headerLength);
  const hasSetup = type === 'control' && bytes[index + FIELD.setupFlag] === SETUP_PRESENT;
  const setupAt = index + FIELD.setup;
  const hasData = bytes[index + FIELD.dataFlag] === DATA_PRESENT;
  const dataLength = hasData ? view.getUint32(FIELD.captured, littleEndian) : 0;
  return {
    id: view.getBigUint64(FIELD.id, littleEndian),
    event,
    type,
    endpoint: (bytes[index + FIELD.endpoint] ?? 0) & 0x8f,
    device: bytes[index + FIELD.device] ?? 0,
    bus: view.getUint16(FIELD.bus, littleEndian),
    setup: hasSetup ? Uint8Array.from(bytes.subarray(setupAt, setupAt + SETUP_LENGTH)) : undefined,
    status: view.getInt32(FIELD.status, littleEndian),
    length: view.getUint32(FIELD.length, littleEndian),
    time: place.time ?? timeOf(view, littleEndian),
    interfaceName: place.interfaceName,
    dataOffset: place.offset + headerLength,
    dataLength: Math.min(dataLength, captured - headerLength),
  };
}

/** The time of the header, in nanoseconds since 1970. */
function timeOf(view: DataView, littleEndian: boolean): bigint {
  const seconds = view.getBigInt64(FIELD.seconds, littleEndian);
  const microseconds = BigInt(view.getInt32(FIELD.microseconds, littleEndian));
  return seconds * 1_000_000_000n + microseconds * 1000n;
}

/** Fields of the header of USBPcap, which is little-endian and packed. */
const PCAP_FIELD = {
  headerLength: 0,
  id: 2,
  status: 10,
  info: 16,
  bus: 17,
  device: 19,
  endpoint: 21,
  type: 22,
  length: 23,
  stage: 27,
} as const;
const PCAP_HEADER = 27;
const PCAP_CONTROL_HEADER = 28;

/** In the info field: the packet goes from the driver to the system, which is a completion. */
const FROM_DRIVER = 1;

/** The stage of a control transfer with the setup packet before the data. */
const SETUP_STAGE = 0;

/** Decodes a packet of USBPcap. */
function decodeUsbPcap(place: PacketPlace): CapturedPacket | undefined {
  const { bytes, index, captured } = place;
  if (captured < PCAP_HEADER) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + index, Math.min(captured, MAX_HEADER));
  const headerLength = view.getUint16(PCAP_FIELD.headerLength, true);
  const type = TYPES_BY_CODE[view.getUint8(PCAP_FIELD.type)];
  const isControl = type === 'control';
  if (type === undefined || headerLength < (isControl ? PCAP_CONTROL_HEADER : PCAP_HEADER)) {
    return undefined;
  }
  const isCompletion = (view.getUint8(PCAP_FIELD.info) & FROM_DRIVER) !== 0;
  const stage = isControl && captured >= PCAP_CONTROL_HEADER ? view.getUint8(PCAP_FIELD.stage) : -1;
  const setupEnd = headerLength + SETUP_LENGTH;
  const hasSetup = !isCompletion && stage === SETUP_STAGE && setupEnd <= view.byteLength;
  const dataStart = hasSetup ? setupEnd : headerLength;
  const dataLength = Math.max(
    0,
    view.getUint32(PCAP_FIELD.length, true) - (hasSetup ? SETUP_LENGTH : 0),
  );
  const setupAt = index + headerLength;
  const endpoint = view.getUint8(PCAP_FIELD.endpoint) & 0x8f;
  const status = errnoOfUsbd(view.getUint32(PCAP_FIELD.status, true));
  const isAccepted = isCompletion && directionOf(endpoint) === 'out' && status === 0;
  return {
    id: view.getBigUint64(PCAP_FIELD.id, true),
    event: isCompletion ? 'C' : 'S',
    type,
    endpoint,
    device: view.getUint16(PCAP_FIELD.device, true) & 0xff,
    bus: view.getUint16(PCAP_FIELD.bus, true),
    setup: hasSetup ? Uint8Array.from(bytes.subarray(setupAt, setupAt + SETUP_LENGTH)) : undefined,
    status: isCompletion ? status : IN_PROGRESS,
    length: isAccepted ? Number.POSITIVE_INFINITY : dataLength,
    time: place.time ?? 0n,
    interfaceName: place.interfaceName,
    dataOffset: place.offset + dataStart,
    dataLength: Math.max(0, Math.min(dataLength, captured - dataStart)),
  };
}

/** The errno of Linux that corresponds to a USBD_STATUS of Windows (usb.h of the driver kit). */
const ERRNO_OF_USBD: ReadonlyMap<number, number> = new Map([
  [0xc000_0004, -32], // STALL_PID
  [0xc000_0030, -32], // ENDPOINT_HALTED
  [0xc000_0008, -75], // DATA_OVERRUN
  [0xc000_000c, -75], // BUFFER_OVERRUN
  [0xc000_0009, 0], // DATA_UNDERRUN: a short packet
  [0xc000_5000, -110], // TIMEOUT
  [0xc000_6000, -110],
  [0xc000_7000, -108], // DEVICE_GONE
  [0xc001_0000, -2], // CANCELED
]);

/** EPROTO. */
const PROTOCOL_ERROR = -71;

/** The two highest bits of a status that is an error. */
const USBD_ERROR = 0xc000_0000;

function errnoOfUsbd(status: number): number {
  return (
    ERRNO_OF_USBD.get(status) ?? ((status & USBD_ERROR) >>> 0 === USBD_ERROR ? PROTOCOL_ERROR : 0)
  );
}
