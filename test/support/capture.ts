import { descriptorBytes } from '../../src/backends/simulation/gadget/descriptors.js';
import type { ReadAt } from '../../src/pcapng/file-window.js';
import { errnoOf, IN_PROGRESS, type UsbPacket } from '../../src/pcapng/usb-packet.js';
import { interfaceDescription, packetBlock, sectionHeader } from '../../src/pcapng/writer.js';
import { setupPacket } from '../../src/usb/control.js';
import { type DeviceInfo, directionOf, type TransferType } from '../../src/usb/model.js';
import type { TransferStatus } from '../../src/usb/transfer-status.js';

/** A transfer for a capture. */
export interface Recorded {
  /** Bit 7 is set for IN. */
  readonly endpoint: number;
  /** Bulk by default. */
  readonly type?: TransferType;
  /** 2 by default. */
  readonly device?: number;
  /** 1 by default. */
  readonly bus?: number;
  readonly data?: Uint8Array;
  /** The bytes that moved; by default, those of the data. */
  readonly length?: number;
  /** The bytes asked for; by default, those of the data. */
  readonly requested?: number;
  readonly status?: TransferStatus;
  readonly setup?: Uint8Array;
  /** Milliseconds from the start of the capture until it ended; 1 more than the one before by default. */
  readonly at?: number;
}

/** Returns a capture of one interface with these transfers, each submitted when the one before ended. */
export function captureOf(transfers: readonly Recorded[], interfaceName = 'test'): Buffer {
  let at = 0;
  const packets = transfers.flatMap((transfer, index) => {
    const submittedAt = at;
    at = transfer.at ?? at + 1;
    return packetsOf(transfer, index, submittedAt, at);
  });
  return Buffer.concat([
    sectionHeader({ hardware: 'test', os: 'test', application: 'test' }),
    interfaceDescription(interfaceName),
    ...packets.map(packetBlock),
  ]);
}

/** Returns a reader of bytes in memory. */
export function readerOf(bytes: Uint8Array): ReadAt {
  return (into, position) => {
    const part = bytes.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  };
}

/** Returns the recorded requests for all descriptors of a device. */
export function descriptorRequests(info: DeviceInfo, device = info.address): Recorded[] {
  const bytes = Buffer.from(descriptorBytes(info));
  const configurations: Buffer[] = [];
  for (let rest = bytes.subarray(18); rest.length > 0; ) {
    const length = rest.readUInt16LE(2);
    configurations.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  const strings = [info.manufacturer, info.product, info.serial].map((text = '') => {
    const content = Buffer.from(text, 'utf16le');
    return Buffer.concat([Buffer.of(2 + content.length, 3), content]);
  });
  const { bus } = info;
  return [
    { ...getDescriptor(1, 0, bytes.subarray(0, 18)), device, bus },
    ...configurations.map((part, index) => ({ ...getDescriptor(2, index, part), device, bus })),
    ...strings.map((part, index) => ({ ...getDescriptor(3, index + 1, part), device, bus })),
  ];
}

/** Returns a recorded control request with its answer or its data. */
export function controlRequest(
  [requestType, request, value, index]: readonly [number, number, number, number],
  data: Uint8Array,
  status: TransferStatus = 'completed',
): Recorded {
  const setup = setupPacket({ requestType, request, value, index }, data.length);
  return { endpoint: requestType & 0x80, type: 'control', setup, data, status };
}

function getDescriptor(type: number, index: number, data: Buffer): Recorded {
  return controlRequest([0x80, 6, (type << 8) | index, 0], data);
}

const EMPTY = Buffer.alloc(0);
const EPOCH = 1_790_000_000_000;

function packetsOf(
  transfer: Recorded,
  index: number,
  submittedAt: number,
  endedAt: number,
): UsbPacket[] {
  const { endpoint, type = 'bulk', device = 2, bus = 1, data = EMPTY, setup } = transfer;
  const { status = 'completed', length = data.length, requested = data.length } = transfer;
  const isIn = directionOf(endpoint) === 'in';
  const common = { id: BigInt(index + 1), type, endpoint, device, bus, comments: [] };
  const time = (ms: number) => BigInt(Math.round((EPOCH + ms) * 1000)) * 1000n;
  return [
    {
      ...{ ...common, event: 'S', setup, status: IN_PROGRESS, time: time(submittedAt) },
      ...{ length: requested, data: isIn ? EMPTY : data },
    },
    {
      ...{ ...common, event: 'C', setup: undefined, status: errnoOf(status), time: time(endedAt) },
      ...{ length, data: isIn ? data : EMPTY },
    },
  ];
}

/** Returns a pcap file with one packet. */
export function pcap(
  magic: number,
  order: 'LE' | 'BE',
  linkType: number,
  packet: Buffer,
  seconds: number,
  fraction: number,
): Buffer {
  const bytes = Buffer.alloc(40);
  const put = (value: number, offset: number) =>
    order === 'LE' ? bytes.writeUInt32LE(value, offset) : bytes.writeUInt32BE(value, offset);
  put(magic, 0);
  put(linkType, 20);
  put(seconds, 24);
  put(fraction, 28);
  put(packet.length, 32);
  put(packet.length, 36);
  return Buffer.concat([bytes, packet]);
}

/** A packet of USBPcap: the values of its fields. */
interface UsbPcapPacket {
  readonly id: bigint;
  readonly type: number;
  readonly endpoint: number;
  readonly data?: Buffer;
  readonly info?: number;
  readonly status?: number;
  readonly stage?: number;
}

/** Returns a packet of USBPcap, of bus 1, device 4. */
export function usbPcap({ id, type, endpoint, data, info, status, stage }: UsbPcapPacket): Buffer {
  const head = Buffer.alloc(stage === undefined ? 27 : 28);
  head.writeUInt16LE(head.length, 0);
  head.writeBigUInt64LE(id, 2);
  head.writeUInt32LE(status ?? 0, 10);
  head[16] = info ?? 0;
  head.writeUInt16LE(1, 17);
  head.writeUInt16LE(4, 19);
  head[21] = endpoint;
  head[22] = type;
  head.writeUInt32LE(data?.length ?? 0, 23);
  head[27] = stage ?? 0;
  return Buffer.concat([head.subarray(0, stage === undefined ? 27 : 28), data ?? Buffer.alloc(0)]);
}

/** Returns a pcap file of USBPcap. */
export function usbPcapFile(...packets: readonly Buffer[]): Buffer {
  const whole = packets.map((packet) => pcap(0xa1b2c3d4, 'LE', 249, packet, 1, 0));
  const [first = Buffer.alloc(0), ...rest] = whole;
  return Buffer.concat([first, ...rest.map((bytes) => bytes.subarray(24))]);
}
