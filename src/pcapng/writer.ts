import { directionOf } from '../usb/model.js';
import {
  BLOCK_HEAD,
  BLOCK_TAIL,
  BYTE_ORDER_MAGIC,
  DATA_BEFORE,
  DATA_NOT_YET,
  DATA_PRESENT,
  ENHANCED_PACKET,
  EVENT_CODES,
  FIELD,
  INBOUND,
  INTERFACE_DESCRIPTION,
  INTERFACE_STATISTICS,
  OPTION,
  OUTBOUND,
  PACKET_HEAD,
  padded,
  SECTION_HEADER,
  SETUP_ABSENT,
  SETUP_PRESENT,
  TYPES_BY_CODE,
  URB_IN,
  USB_LINUX_MMAPPED,
  USB_LINUX_MMAPPED_HEADER,
} from './layout.js';
import type { UsbPacket } from './usb-packet.js';

/*
 * Writes pcapng files, little-endian, with one interface of link type 220 (USB_LINUX_MMAPPED) whose
 * times are in nanoseconds. Each function returns one block; a packet can also be written in pieces, so
 * that its data need not be copied.
 */

/** What wrote a file. */
export interface SectionInfo {
  readonly hardware: string;
  readonly os: string;
  /** The program and its version. */
  readonly application: string;
}

/** The counters at the end of a file. Times in nanoseconds since 1970. */
export interface InterfaceStatistics {
  readonly start: bigint;
  readonly end: bigint;
  /** Packets in the file, and packets that are missing in it. */
  readonly received: number;
  readonly dropped: number;
  readonly comments: readonly string[];
}

/** The bytes of a packet block before the data. */
export const PACKET_PREFIX = PACKET_HEAD + USB_LINUX_MMAPPED_HEADER;

/** The flags of a packet as an option: its code and length, and the value. */
const FLAGS_OPTION = 8;
const END_OPTION = 4;

/** The bytes of a packet block after the data, without comments, at most: padding and two options. */
const PACKET_SUFFIX = 3 + FLAGS_OPTION + END_OPTION + BLOCK_TAIL;

const NANOSECOND = 1_000_000_000n;

/** Returns the section header, which begins a file. */
export function sectionHeader({ hardware, os, application }: SectionInfo): Buffer {
  const contents = Buffer.alloc(16);
  contents.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  contents.writeUInt16LE(1, 4);
  contents.writeBigInt64LE(-1n, 8); // the length of the section is unknown
  return block(SECTION_HEADER, contents, [
    textOption(OPTION.sectionHardware, hardware),
    textOption(OPTION.sectionOs, os),
    textOption(OPTION.sectionApplication, application),
  ]);
}

/** Returns the description of the interface, which follows the section header. */
export function interfaceDescription(name: string): Buffer {
  const contents = Buffer.alloc(8); // a snapshot length of 0: nothing is cut
  contents.writeUInt16LE(USB_LINUX_MMAPPED, 0);
  return block(INTERFACE_DESCRIPTION, contents, [
    textOption(OPTION.interfaceName, name),
    option(OPTION.interfaceTimeResolution, Buffer.of(9)), // 10^-9 s
  ]);
}

/** Returns the statistics of the interface, which end a file. */
export function interfaceStatistics({
  start,
  end,
  received,
  dropped,
  comments,
}: InterfaceStatistics): Buffer {
  const contents = Buffer.alloc(12);
  writeTime(contents, 4, end);
  return block(INTERFACE_STATISTICS, contents, [
    option(OPTION.statisticsStart, timeBytes(start)),
    option(OPTION.statisticsEnd, timeBytes(end)),
    option(OPTION.statisticsReceived, countBytes(received)),
    option(OPTION.statisticsDropped, countBytes(dropped)),
    ...comments.map((comment) => textOption(OPTION.comment, comment)),
  ]);
}

/** Returns a whole packet. */
export function packetBlock(packet: UsbPacket): Buffer {
  const { data, comments } = packet;
  const bytes = Buffer.alloc(PACKET_PREFIX + data.length + packetSuffixLength(comments));
  writePacketPrefix(packet, bytes, 0);
  bytes.set(data, PACKET_PREFIX);
  const end = writePacketSuffix(packet, bytes, PACKET_PREFIX + data.length);
  return bytes.subarray(0, end);
}

/** Writes what precedes the data of a packet: PACKET_PREFIX bytes. Returns where they end. */
export function writePacketPrefix(packet: UsbPacket, into: Buffer, offset: number): number {
  const { data, time, length } = packet;
  const captured = USB_LINUX_MMAPPED_HEADER + data.length;
  into.writeUInt32LE(ENHANCED_PACKET, offset);
  into.writeUInt32LE(packetLength(packet), offset + 4);
  into.writeUInt32LE(0, offset + BLOCK_HEAD); // the interface
  writeTime(into, offset + BLOCK_HEAD + 4, time);
  into.writeUInt32LE(captured, offset + BLOCK_HEAD + 12);
  const original = data.length > 0 ? USB_LINUX_MMAPPED_HEADER + length : captured;
  into.writeUInt32LE(original, offset + BLOCK_HEAD + 16);
  writeHeader(packet, into, offset + PACKET_HEAD);
  return offset + PACKET_PREFIX;
}

/** Returns the bytes that a packet with these comments has after its data, at most. */
export function packetSuffixLength(comments: readonly string[]): number {
  return PACKET_SUFFIX + commentsLength(comments);
}

/** Writes what follows the data of a packet. Returns where it ends. */
export function writePacketSuffix(packet: UsbPacket, into: Buffer, offset: number): number {
  const { data, endpoint, comments } = packet;
  const flags = offset + padded(data.length) - data.length;
  into.fill(0, offset, flags);
  into.writeUInt16LE(OPTION.packetFlags, flags);
  into.writeUInt16LE(4, flags + 2);
  into.writeUInt32LE(directionOf(endpoint) === 'in' ? INBOUND : OUTBOUND, flags + 4);
  let end = flags + FLAGS_OPTION;
  for (const comment of comments) {
    end += textOption(OPTION.comment, comment).copy(into, end);
  }
  into.writeUInt32LE(0, end);
  into.writeUInt32LE(packetLength(packet), end + END_OPTION);
  return end + END_OPTION + BLOCK_TAIL;
}

/** The length of a whole packet block. */
function packetLength({ data, comments }: UsbPacket): number {
  const options = FLAGS_OPTION + commentsLength(comments) + END_OPTION;
  return PACKET_PREFIX + padded(data.length) + options + BLOCK_TAIL;
}

function commentsLength(comments: readonly string[]): number {
  let bytes = 0;
  for (const comment of comments) {
    bytes += 4 + padded(Buffer.byteLength(comment));
  }
  return bytes;
}

/** Writes the header of a packet: USB_LINUX_MMAPPED_HEADER bytes. */
function writeHeader(packet: UsbPacket, into: Buffer, at: number): void {
  const { endpoint, setup, data, time } = packet;
  into.fill(0, at, at + USB_LINUX_MMAPPED_HEADER);
  into.writeBigUInt64LE(packet.id, at + FIELD.id);
  into[at + FIELD.event] = EVENT_CODES[packet.event];
  into[at + FIELD.type] = TYPES_BY_CODE.indexOf(packet.type);
  into[at + FIELD.endpoint] = endpoint;
  into[at + FIELD.device] = packet.device;
  into.writeUInt16LE(packet.bus, at + FIELD.bus);
  into[at + FIELD.setupFlag] = setup === undefined ? SETUP_ABSENT : SETUP_PRESENT;
  into[at + FIELD.dataFlag] = dataFlag(packet);
  into.writeBigInt64LE(time / NANOSECOND, at + FIELD.seconds);
  into.writeInt32LE(Number((time % NANOSECOND) / 1000n), at + FIELD.microseconds);
  into.writeInt32LE(packet.status, at + FIELD.status);
  into.writeUInt32LE(packet.length, at + FIELD.length);
  into.writeUInt32LE(data.length, at + FIELD.captured);
  if (setup !== undefined) {
    into.set(setup, at + FIELD.setup);
  }
  into.writeUInt32LE(directionOf(endpoint) === 'in' ? URB_IN : 0, at + FIELD.flags);
}

/** Returns why a packet has no data: the kernel sets this by direction and event, however few bytes. */
function dataFlag({ event, endpoint, data }: UsbPacket): number {
  if (data.length > 0) {
    return DATA_PRESENT;
  }
  if (directionOf(endpoint) === 'in') {
    return event === 'S' ? DATA_NOT_YET : DATA_PRESENT;
  }
  return event === 'C' ? DATA_BEFORE : DATA_PRESENT;
}

/** Returns a block with its options. */
function block(type: number, contents: Buffer, options: readonly Buffer[]): Buffer {
  const all = [contents, ...options, Buffer.alloc(END_OPTION)];
  const length = BLOCK_HEAD + all.reduce((sum, part) => sum + part.length, 0) + BLOCK_TAIL;
  const head = Buffer.alloc(BLOCK_HEAD);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...all, head.subarray(4)]);
}

/** Returns an option with its padding. */
function option(code: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + padded(value.length));
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt16LE(value.length, 2);
  bytes.set(value, 4);
  return bytes;
}

/** @param text at most 65535 bytes of UTF-8 */
function textOption(code: number, text: string): Buffer {
  return option(code, Buffer.from(text));
}

/** Writes a time as two words, the high one first. */
function writeTime(into: Buffer, offset: number, time: bigint): void {
  into.writeUInt32LE(Number(time >> 32n), offset);
  into.writeUInt32LE(Number(time & 0xffffffffn), offset + 4);
}

function timeBytes(time: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  writeTime(bytes, 0, time);
  return bytes;
}

function countBytes(count: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(count));
  return bytes;
}
