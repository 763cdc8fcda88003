import { CaptureError } from './capture-error.js';
import { type CaptureInterface, MAX_NAME, resolutionOf, timeOf } from './capture-interface.js';
import { FileWindow, type ReadAt } from './file-window.js';
import {
  BLOCK_HEAD,
  BLOCK_TAIL,
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  INTERFACE_DESCRIPTION,
  OPTION,
  PACKET_HEAD,
  padded,
  SECTION_HEADER,
} from './layout.js';
import { type CapturedPacket, decodePacket, MAX_HEADER } from './usb-header.js';

/** The blocks that only other programs write. */
const PACKET = 2;
const SIMPLE_PACKET = 3;
const TIME_OFFSET_OPTION = 14;

/** The head of a simple packet block: the length of the packet. Its interface is the first one. */
const SIMPLE_PACKET_HEAD = BLOCK_HEAD + 4;

/** The contents of a section header and of an interface description, at least. */
const SECTION_CONTENTS = 16;
const INTERFACE_CONTENTS = 8;

/** A pcap file: its header, that of each packet, and the magic numbers by the unit of time. */
const PCAP_HEAD = 24;
const PCAP_PACKET_HEAD = 16;
const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;

/** Limits on what a file may make the reader keep, or look for. */
const MAX_INTERFACES = 4096;
const MAX_OPTIONS = 256;

/**
 * Reads the USB packets of a pcapng or pcap file, one after the other. Its memory is fixed, whatever the
 * file contains: the data of packets stays in the file.
 */
export class CaptureReader {
  readonly #window: FileWindow;
  #offset = 0;
  /** Undefined before the first section header. */
  #format: 'pcapng' | 'pcap' | undefined;
  #littleEndian = true;
  #interfaces: CaptureInterface[] = [];

  constructor(readAt: ReadAt) {
    this.#window = new FileWindow(readAt);
  }

  /** The place of the next block, in bytes. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Returns the next packet of a USB transfer; undefined at the end of the file.
   *
   * @throws CaptureError if the file is damaged or no capture; the packets before are valid
   */
  next(): CapturedPacket | undefined {
    let packet = this.step();
    while (packet === 'skip') {
      packet = this.step();
    }
    return packet;
  }

  /** Reads one block. As `next`, but returns `skip` for a block that is no packet of a USB transfer. */
  step(): CapturedPacket | 'skip' | undefined {
    if (this.#format === undefined) {
      this.#start();
    }
    return this.#format === 'pcap' ? this.#nextPcap() : this.#nextBlock();
  }

  /**
   * Copies data of a packet.
   *
   * @param start the first byte to copy
   * @returns the number of bytes
   */
  copyData({ dataOffset, dataLength }: CapturedPacket, start: number, into: Buffer): number {
    const length = Math.min(into.length, Math.max(0, dataLength - start));
    return this.#window.copy(dataOffset + start, into.subarray(0, length));
  }

  /** Recognizes the format by the first bytes. */
  #start(): void {
    const at = this.#window.locate(0, BLOCK_HEAD);
    const { bytes } = this.#window;
    const magic = at < 0 ? 0 : bytes.readUInt32LE(at);
    if (magic === SECTION_HEADER) {
      this.#format = 'pcapng';
      return;
    }
    const swapped = at < 0 ? 0 : bytes.readUInt32BE(at);
    for (const [number, littleEndian] of [
      [magic, true],
      [swapped, false],
    ] as const) {
      if (number === PCAP_MICROSECONDS || number === PCAP_NANOSECONDS) {
        this.#startPcap(littleEndian, number === PCAP_NANOSECONDS);
        return;
      }
    }
    throw new CaptureError('this is neither a pcapng nor a pcap file: unknown bytes', 0);
  }

  #startPcap(littleEndian: boolean, isNanoseconds: boolean): void {
    const at = this.#locate(PCAP_HEAD);
    this.#format = 'pcap';
    this.#littleEndian = littleEndian;
    this.#interfaces = [
      {
        linkType: this.#uint32(at + 20) & 0xffff, // the rest is about the frame check sequence
        name: undefined,
        snapLength: 0,
        unitsPerSecond: 10n ** (isNanoseconds ? 9n : 6n),
        timeOffset: 0n,
      },
    ];
    this.#offset = PCAP_HEAD;
  }

  #nextPcap(): CapturedPacket | 'skip' | undefined {
    if (this.#isAtEnd()) {
      return undefined;
    }
    const at = this.#locate(PCAP_PACKET_HEAD);
    const captured = this.#uint32(at + 8);
    const [only] = this.#interfaces;
    const units = only?.unitsPerSecond ?? 1n;
    const time = BigInt(this.#uint32(at)) * units + BigInt(this.#uint32(at + 4));
    return this.#packet(only, PCAP_PACKET_HEAD, captured, PCAP_PACKET_HEAD + captured, time);
  }

  #nextBlock(): CapturedPacket | 'skip' | undefined {
    if (this.#isAtEnd()) {
      return undefined;
    }
    const type = this.#window.bytes.readUInt32LE(this.#locate(BLOCK_HEAD));
    if (type === SECTION_HEADER) {
      this.#startSection();
    }
    const at = this.#locate(BLOCK_HEAD);
    const length = this.#uint32(at + 4);
    this.#require(length >= BLOCK_HEAD + BLOCK_TAIL && length % 4 === 0);
    switch (this.#uint32(at)) {
      case INTERFACE_DESCRIPTION:
        this.#addInterface(length);
        break;
      case ENHANCED_PACKET:
      case PACKET:
        return this.#packetBlock(length);
      case SIMPLE_PACKET:
        return this.#simplePacket(length);
    }
    this.#skip(length);
    return 'skip';
  }

  #startSection(): void {
    const at = this.#locate(BLOCK_HEAD + SECTION_CONTENTS);
    const { bytes } = this.#window;
    const magic = at + BLOCK_HEAD;
    this.#littleEndian = bytes.readUInt32LE(magic) === BYTE_ORDER_MAGIC;
    if (!this.#littleEndian && bytes.readUInt32BE(magic) !== BYTE_ORDER_MAGIC) {
      throw this.#damage('a section has no byte order');
    }
    const version = this.#uint16(magic + 4);
    if (version !== 1) {
      throw this.#damage(`a section has version ${version} of pcapng, and not 1:`);
    }
    this.#interfaces = [];
  }

  #addInterface(length: number): void {
    this.#require(length >= BLOCK_HEAD + INTERFACE_CONTENTS + BLOCK_TAIL);
    if (this.#interfaces.length === MAX_INTERFACES) {
      throw this.#damage(`a section has more than ${MAX_INTERFACES} interfaces:`);
    }
    const at = this.#locate(BLOCK_HEAD + INTERFACE_CONTENTS) + BLOCK_HEAD;
    const linkType = this.#uint16(at);
    const snapLength = this.#uint32(at + 4);
    this.#interfaces.push({ linkType, snapLength, ...this.#interfaceOptions(length) });
  }

  /** Reads the options of an interface: its name, and what its times mean. */
  #interfaceOptions(length: number): Omit<CaptureInterface, 'linkType' | 'snapLength'> {
    let name: string | undefined;
    let unitsPerSecond = 1_000_000n;
    let timeOffset = 0n;
    const end = this.#offset + length - BLOCK_TAIL;
    let place = this.#offset + BLOCK_HEAD + INTERFACE_CONTENTS;
    for (let count = 0; count < MAX_OPTIONS && place + 4 <= end; count++) {
      const head = this.#locate(4, place);
      const code = this.#uint16(head);
      const size = this.#uint16(head + 2);
      const next = place + 4 + padded(size);
      if (code === OPTION.end || next > end) {
        break;
      }
      if (code === OPTION.interfaceName) {
        const kept = Math.min(size, MAX_NAME);
        const at = this.#locate(kept, place + 4);
        name = this.#window.bytes.toString('utf8', at, at + kept);
      } else if (code === OPTION.interfaceTimeResolution && size === 1) {
        unitsPerSecond = resolutionOf(this.#window.bytes[this.#locate(1, place + 4)] ?? 6);
      } else if (code === TIME_OFFSET_OPTION && size === 8) {
        timeOffset = this.#int64(this.#locate(8, place + 4));
      }
      place = next;
    }
    return { name, unitsPerSecond, timeOffset };
  }

  /** An enhanced packet block, or the older packet block, whose interface has 16 bits. */
  #packetBlock(length: number): CapturedPacket | 'skip' {
    this.#require(length >= PACKET_HEAD + BLOCK_TAIL);
    const block = this.#locate(PACKET_HEAD);
    const at = block + BLOCK_HEAD;
    const isOld = this.#uint32(block) === PACKET;
    const number = isOld ? this.#uint16(at) : this.#uint32(at);
    const captured = this.#uint32(at + 12);
    this.#require(PACKET_HEAD + padded(captured) + BLOCK_TAIL <= length);
    const time = (BigInt(this.#uint32(at + 4)) << 32n) | BigInt(this.#uint32(at + 8));
    return this.#packet(this.#interfaces[number], PACKET_HEAD, captured, length, time);
  }

  /** A simple packet block: of the first interface, without a time. */
  #simplePacket(length: number): CapturedPacket | 'skip' {
    this.#require(length >= SIMPLE_PACKET_HEAD + BLOCK_TAIL);
    const [first] = this.#interfaces;
    const original = this.#uint32(this.#locate(SIMPLE_PACKET_HEAD) + BLOCK_HEAD);
    const snapLength = first?.snapLength || Number.POSITIVE_INFINITY;
    const room = length - SIMPLE_PACKET_HEAD - BLOCK_TAIL;
    const captured = Math.min(original, snapLength, room);
    return this.#packet(first, SIMPLE_PACKET_HEAD, captured, length, undefined);
  }

  /**
   * Decodes a packet, and moves to the end of its block.
   *
   * @param head the bytes of the block before the packet
   * @param captured the bytes of the packet
   * @param length those of the block
   */
  #packet(
    from: CaptureInterface | undefined,
    head: number,
    captured: number,
    length: number,
    units: bigint | undefined,
  ): CapturedPacket | 'skip' {
    if (from === undefined) {
      throw this.#damage('a packet has no interface:');
    }
    const offset = this.#offset + head;
    const index = this.#window.locate(offset, Math.min(captured, MAX_HEADER));
    const { bytes } = this.#window;
    const littleEndian = this.#littleEndian;
    const time = units === undefined ? undefined : timeOf(units, from);
    const { name: interfaceName } = from;
    const place = { bytes, index, offset, captured, littleEndian, time, interfaceName };
    const packet = index < 0 ? undefined : decodePacket(from.linkType, place);
    this.#skip(length);
    return packet ?? 'skip';
  }

  /** Moves to the next block, if this one is complete and ends with its length again. */
  #skip(length: number): void {
    const tail = this.#format === 'pcap' ? 1 : BLOCK_TAIL;
    const index = this.#locate(tail, this.#offset + length - tail);
    this.#require(this.#format === 'pcap' || this.#uint32(index) === length);
    this.#offset += length;
  }

  #isAtEnd(): boolean {
    return this.#window.locate(this.#offset, 1) < 0;
  }

  /** Returns the index of bytes of this block, by default at its start. */
  #locate(length: number, place = this.#offset): number {
    const index = this.#window.locate(place, length);
    if (index < 0) {
      throw this.#damage('the file ends within the block');
    }
    return index;
  }

  #require(isValid: boolean): void {
    if (!isValid) {
      throw this.#damage('the lengths contradict each other in the block');
    }
  }

  #damage(what: string): CaptureError {
    return new CaptureError(what, this.#offset);
  }

  #uint16(index: number): number {
    const { bytes } = this.#window;
    return this.#littleEndian ? bytes.readUInt16LE(index) : bytes.readUInt16BE(index);
  }

  #uint32(index: number): number {
    const { bytes } = this.#window;
    return this.#littleEndian ? bytes.readUInt32LE(index) : bytes.readUInt32BE(index);
  }

  #int64(index: number): bigint {
    const { bytes } = this.#window;
    return this.#littleEndian ? bytes.readBigInt64LE(index) : bytes.readBigInt64BE(index);
  }
}
