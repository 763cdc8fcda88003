import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIELD, padded, TYPES_BY_CODE } from '../../../src/pcapng/layout.js';
import { CaptureReader } from '../../../src/pcapng/reader.js';
import { TransferReader } from '../../../src/pcapng/transfer-reader.js';
import type { CapturedPacket } from '../../../src/pcapng/usb-header.js';
import type { UsbPacket } from '../../../src/pcapng/usb-packet.js';
import {
  interfaceDescription,
  interfaceStatistics,
  packetBlock,
  sectionHeader,
} from '../../../src/pcapng/writer.js';
import { captureOf, pcap, readerOf, usbPcap, usbPcapFile } from '../../support/capture.js';

const HEAD: readonly [Buffer, Buffer] = [
  sectionHeader({ hardware: 'x64', os: 'Linux', application: 'test' }),
  interfaceDescription('usb'),
];

/** Reads all packets, with their data. */
function readAll(bytes: Uint8Array): (Omit<UsbPacket, 'comments'> & Partial<CapturedPacket>)[] {
  const reader = new CaptureReader(readerOf(bytes));
  const packets = [];
  for (let packet = reader.next(); packet !== undefined; packet = reader.next()) {
    const data = Buffer.alloc(packet.dataLength);
    expect(reader.copyData(packet, 0, data)).toBe(packet.dataLength);
    packets.push({ ...packet, data });
  }
  return packets;
}

const packet: fc.Arbitrary<UsbPacket> = fc
  .record({
    id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    event: fc.constantFrom('S' as const, 'C' as const),
    type: fc.constantFrom('bulk' as const, 'interrupt' as const, 'control' as const),
    number: fc.integer({ min: 0, max: 15 }),
    isIn: fc.boolean(),
    device: fc.integer({ min: 0, max: 127 }),
    bus: fc.integer({ min: 0, max: 65535 }),
    setup: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    status: fc.integer({ min: -200, max: 0 }),
    bytes: fc.uint8Array({ maxLength: 300 }),
    missing: fc.nat(100),
    time: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    comments: fc.array(fc.string({ maxLength: 20 }), { maxLength: 2 }),
  })
  .map(({ number, isIn, bytes, missing, setup, ...rest }) => {
    const hasData = isIn === (rest.event === 'C');
    return {
      ...rest,
      endpoint: number | (isIn ? 0x80 : 0),
      setup: rest.type === 'control' && rest.event === 'S' ? setup : undefined,
      data: Buffer.from(hasData ? bytes : []),
      length: hasData ? bytes.length + missing : missing,
    };
  });

describe('a reader', () => {
  it('reads back what the writer writes', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 20 }), (packets) => {
        const statistics = {
          start: 1n,
          end: 2n,
          received: packets.length,
          dropped: 0,
          comments: [],
        };
        const file = [...HEAD, ...packets.map(packetBlock), interfaceStatistics(statistics)];
        const read = readAll(Buffer.concat(file));
        expect(read).toEqual(
          packets.map(({ comments: _, ...written }, index) => ({
            ...written,
            setup: written.setup && Uint8Array.from(written.setup),
            interfaceName: 'usb',
            dataLength: written.data.length,
            dataOffset: read[index]?.dataOffset,
          })),
        );
      }),
    );
  });

  it('reads a record that is larger than its window in parts', () => {
    const data = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    const file = captureOf([
      { endpoint: 0x81, data },
      { endpoint: 0x81, data: Buffer.from('end') },
    ]);
    const reader = new TransferReader(readerOf(file));
    const first = reader.next();
    expect(first?.captured).toBe(data.length);
    const part = Buffer.alloc(1000);
    expect(first && reader.copyData(first, 299_500, part)).toBe(500);
    expect(part.subarray(0, 500)).toEqual(data.subarray(299_500));
    expect(reader.next()?.captured).toBe(3);
    expect(reader.next()).toBeUndefined();
  });

  it.each([
    ['neither', Buffer.from('this is no capture'), 'neither a pcapng nor a pcap file'],
    ['nothing', Buffer.alloc(0), 'neither'],
    ['a section of another version', changed(12, 2), 'version 2'],
    ['no byte order', changed(8, 0), 'no byte order'],
    ['a file that ends within a block', whole().subarray(0, -1), 'ends within the block'],
    ['a file that ends within the head of one', Buffer.concat([whole(), Buffer.of(6, 0)]), 'ends'],
    ['a block shorter than its head', block(5, 8), 'lengths contradict'],
    ['a block of no whole words', block(5, 15), 'lengths contradict'],
    ['a packet larger than its block', largerPacket(), 'lengths contradict'],
    ['a length of almost 4 GiB', block(6, 0xffff_fffc), 'ends within the block'],
    ['a block that ends with another length', otherEnd(), 'lengths contradict'],
    [
      'a section without an interface',
      Buffer.concat([whole(), HEAD[0], packetOf(0)]),
      'no interface',
    ],
    ['a packet of an unknown interface', Buffer.concat([whole(), packetOf(1)]), 'no interface'],
  ])('refuses %s', (_, bytes, message) => {
    const read = () => readAll(bytes);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ name: 'CaptureError' }));
  });

  it('gives the packets before the damage', () => {
    const reader = new CaptureReader(readerOf(Buffer.concat([whole(), Buffer.of(1)])));
    expect(reader.next()).toBeDefined();
    expect(reader.next()).toBeDefined();
    expect(() => reader.next()).toThrow(`at offset ${whole().length}`);
  });

  it('takes no more data than a packet has, whatever its header says', () => {
    const bytes = packetOf(0);
    bytes.writeUInt32LE(0xffff_ffff, 28 + FIELD.captured);
    bytes.writeUInt32LE(0xffff_ffff, 28 + FIELD.length);
    expect(readAll(Buffer.concat([...HEAD, bytes]))[0]?.data).toEqual(EXAMPLE.data);
  });

  it('limits the number of interfaces', () => {
    const many = Array.from({ length: 4097 }, () => interfaceDescription(''));
    expect(() => readAll(Buffer.concat([...HEAD, ...many]))).toThrow('more than 4096 interfaces');
  });

  it('skips blocks of unknown types, packets of other link types, and those too short', () => {
    const other = Buffer.from(interfaceDescription('eth0'));
    other.writeUInt16LE(1, 8); // Ethernet
    const short = simplePacket(Buffer.alloc(20));
    const unknown = block(0xbad, 12);
    const file = Buffer.concat([...HEAD, other, packetOf(1), short, unknown, packetOf(0)]);
    expect(readAll(file)).toHaveLength(1);
  });

  it('reads simple packet blocks, which have no time of their own', () => {
    const usb = packetBlock(EXAMPLE).subarray(28, 28 + 64 + 5);
    const [read] = readAll(Buffer.concat([...HEAD, simplePacket(usb)]));
    expect(read).toMatchObject({ id: EXAMPLE.id, data: EXAMPLE.data });
    expect(read?.time).toBe((EXAMPLE.time / 1000n) * 1000n); // that of the USB header
  });

  it('reads the older packet block', () => {
    const old = Buffer.from(packetBlock(EXAMPLE));
    old.writeUInt32LE(2, 0);
    old.writeUInt16LE(0, 8);
    old.writeUInt16LE(99, 10); // packets that were dropped
    expect(readAll(Buffer.concat([...HEAD, old]))).toHaveLength(1);
  });

  it('takes the unit of time and its offset from the interface', () => {
    const usb = packetBlock(EXAMPLE);
    usb.writeUInt32LE(0, 12);
    usb.writeUInt32LE(3, 16);
    const timeOf = (...options: [code: number, value: Buffer][]) => {
      const file = Buffer.concat([HEAD[0], describe220(options), usb]);
      return readAll(file)[0]?.time;
    };
    const offset = Buffer.alloc(8);
    offset.writeBigInt64LE(7n);
    expect(timeOf()).toBe(3000n); // microseconds by default
    expect(timeOf([9, Buffer.of(3)])).toBe(3_000_000n);
    expect(timeOf([9, Buffer.of(0x81)])).toBe(1_500_000_000n); // halves of a second
    expect(timeOf([9, Buffer.of(12)])).toBe(0n); // picoseconds
    expect(timeOf([14, offset], [0xabc, Buffer.alloc(5)])).toBe(7_000_003_000n);
  });

  it('reads several sections, each with its byte order and its interfaces', () => {
    const swapped = swappedSection();
    const file = Buffer.concat([whole(), swapped, whole()]);
    const read = readAll(file);
    expect(read.map(({ device }) => device)).toEqual([7, 7, 0x12, 7, 7]);
    expect(read[2]).toMatchObject({ bus: 3, length: 4, endpoint: 0x82, status: -32 });
  });

  it.each([
    [0xa1b2c3d4, 'LE' as const, 1000n],
    [0xa1b2c3d4, 'BE' as const, 1000n],
    [0xa1b23c4d, 'LE' as const, 1n],
  ])('reads pcap files, magic number %i, %s', (magic, order, unit) => {
    const usb = order === 'LE' ? littleHeader() : bigHeader();
    const [read, ...rest] = readAll(pcap(magic, order, 189, usb.subarray(0, 48), 2, 5));
    expect(rest).toEqual([]);
    expect(read).toMatchObject({ bus: 3, device: 0x12, time: 2_000_000_000n + 5n * unit });
    expect(() => readAll(pcap(magic, order, 189, usb, 2, 5).subarray(0, -1))).toThrow(
      'ends within',
    );
  });

  it('reads USBPcap: completions, requests with their setup packets, and statuses', () => {
    const setup = Buffer.from('8006000100001200', 'hex');
    const answer = Buffer.from('120100020000', 'hex');
    const file = usbPcapFile(
      usbPcap({ id: 1n, type: 2, endpoint: 0x80, data: setup, stage: 0 }),
      usbPcap({ id: 1n, type: 2, endpoint: 0x80, data: answer, stage: 3, info: 1 }),
      usbPcap({ id: 2n, type: 3, endpoint: 0x02, data: Buffer.from('out') }),
      usbPcap({ id: 2n, type: 3, endpoint: 0x02, info: 1 }),
      usbPcap({ id: 3n, type: 3, endpoint: 0x81 }),
      usbPcap({ id: 3n, type: 3, endpoint: 0x81, info: 1, status: 0xc0000004 }),
      usbPcap({ id: 4n, type: 0xfe, endpoint: 0x81 }), // none of a transfer
      usbPcap({ id: 5n, type: 1, endpoint: 0x81, info: 1, status: 0xc0010000 }),
    );
    const reader = new TransferReader(readerOf(file));
    const transfers = [reader.next(), reader.next(), reader.next(), reader.next()];
    expect(reader.next()).toBeUndefined();
    expect(transfers).toMatchObject([
      { type: 'control', setup: Uint8Array.from(setup), length: 6, status: 'completed' },
      { type: 'bulk', endpoint: 2, length: 3, captured: 3, status: 'completed' },
      { type: 'bulk', endpoint: 0x81, length: 0, status: 'stall' },
      { type: 'interrupt', status: 'cancelled' },
    ]);
  });
});

describe('transfers', () => {
  it('have the data of the submission if they go out, as much as was accepted', () => {
    const file = captureOf([
      { endpoint: 0x02, data: Buffer.from('accepted, not all'), length: 8, status: 'stall' },
    ]);
    const reader = new TransferReader(readerOf(file));
    const transfer = reader.next();
    expect(transfer).toMatchObject({ length: 8, captured: 8, status: 'stall' });
    const data = Buffer.alloc(99);
    expect(transfer && reader.copyData(transfer, 0, data)).toBe(8);
    expect(data.toString('latin1', 0, 8)).toBe('accepted');
  });

  it('have no data if the capture began after their submission', () => {
    const { data: _, ...rest } = EXAMPLE;
    const end = packetBlock({ ...rest, endpoint: 0x02, data: Buffer.alloc(0), length: 5 });
    const reader = new TransferReader(readerOf(Buffer.concat([...HEAD, end])));
    expect(reader.next()).toMatchObject({ captured: 0, setup: undefined });
  });

  it('are not joined with a submission to another endpoint that has the same ID', () => {
    const other = { ...SUBMISSION, endpoint: 0x82, time: 1n };
    const file = Buffer.concat([...HEAD, packetBlock(other), packetBlock(EXAMPLE)]);
    expect(new TransferReader(readerOf(file)).next()?.submittedAt).toBe(EXAMPLE.time);
  });

  it('forget a submission after 4096 others that did not end', () => {
    const forgotten = { ...SUBMISSION, endpoint: 0x02, data: Buffer.from('data'), length: 4 };
    const end = packetBlock({ ...forgotten, event: 'C', status: 0, data: Buffer.alloc(0) });
    const capturedAfter = (others: number) => {
      const submissions = Array.from({ length: others }, (_, index) =>
        packetBlock({ ...SUBMISSION, id: BigInt(index) }),
      );
      const file = [...HEAD, packetBlock(forgotten), ...submissions, end];
      return new TransferReader(readerOf(Buffer.concat(file))).next()?.captured;
    };
    expect(capturedAfter(4095)).toBe(4);
    expect(capturedAfter(4096)).toBe(0);
  });

  it('end in any order, and a failed submission is an error', () => {
    const ids = [1n, 2n];
    const submissions = ids.map((id) => packetBlock({ ...SUBMISSION, id }));
    const ends = [
      packetBlock({ ...EXAMPLE, id: 2n }),
      packetBlock({ ...SUBMISSION, id: 1n, event: 'E', status: -19, length: 7 }),
    ];
    const reader = new TransferReader(readerOf(Buffer.concat([...HEAD, ...submissions, ...ends])));
    expect(reader.next()).toMatchObject({ length: 5, submittedAt: SUBMISSION.time });
    expect(reader.next()).toMatchObject({ length: 0, status: 'error' });
  });
});

const EXAMPLE: UsbPacket = {
  id: 0xffff_8880_1234_5678n,
  ...{ event: 'C', type: 'bulk', endpoint: 0x81, device: 7, bus: 3, setup: undefined, status: 0 },
  ...{ length: 5, data: Buffer.from('hello'), time: 1_790_000_000_123_456_789n, comments: [] },
};
const SUBMISSION: UsbPacket = {
  ...EXAMPLE,
  ...{ event: 'S', status: -115, data: Buffer.alloc(0), time: EXAMPLE.time - 1000n },
};

/** A file with a submission and a completion. */
function whole(): Buffer {
  return Buffer.concat([...HEAD, packetBlock(SUBMISSION), packetBlock(EXAMPLE)]);
}

function changed(offset: number, value: number): Buffer {
  const bytes = whole();
  bytes.writeUInt32LE(value, offset);
  return bytes;
}

/** A section with a block that claims this length. */
function block(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.writeUInt32LE(length, 8);
  return type === 0xbad ? bytes : Buffer.concat([...HEAD, bytes]);
}

function otherEnd(): Buffer {
  const bytes = whole();
  bytes.writeUInt32LE(16, bytes.length - 4);
  return bytes;
}

/** A packet that claims more bytes than its block has; the sum of its lengths is more than 32 bits. */
function largerPacket(): Buffer {
  const bytes = packetOf(0);
  bytes.writeUInt32LE(0xffff_fff0, 20);
  return Buffer.concat([...HEAD, bytes]);
}

function packetOf(interfaceNumber: number): Buffer {
  const bytes = packetBlock(EXAMPLE);
  bytes.writeUInt32LE(interfaceNumber, 8);
  return bytes;
}

function simplePacket(packet: Buffer): Buffer {
  const length = 16 + padded(packet.length);
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(3, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.writeUInt32LE(packet.length, 8);
  packet.copy(bytes, 12);
  bytes.writeUInt32LE(length, length - 4);
  return bytes;
}

/** The description of an interface of link type 220 with these options. */
function describe220(options: readonly [code: number, value: Buffer][]): Buffer {
  const parts = options.map(([code, value]) => {
    const bytes = Buffer.alloc(4 + padded(value.length));
    bytes.writeUInt16LE(code, 0);
    bytes.writeUInt16LE(value.length, 2);
    value.copy(bytes, 4);
    return bytes;
  });
  const content = Buffer.concat([Buffer.of(220, 0, 0, 0, 0, 0, 0, 0), ...parts]);
  const bytes = Buffer.alloc(12 + content.length);
  bytes.writeUInt32LE(1, 0);
  bytes.writeUInt32LE(bytes.length, 4);
  content.copy(bytes, 8);
  bytes.writeUInt32LE(bytes.length, bytes.length - 4);
  return bytes;
}

/** The header of a stalled transfer of 0x82, bus 3, device 18, in each byte order. */
function littleHeader(): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.set([0x43, TYPES_BY_CODE.indexOf('bulk'), 0x82, 0x12], 8);
  bytes.writeUInt16LE(3, 12);
  bytes[14] = 0x2d;
  bytes.writeInt32LE(-32, 28);
  bytes.writeUInt32LE(4, 32);
  return bytes;
}

function bigHeader(): Buffer {
  const bytes = littleHeader();
  bytes.writeUInt16BE(3, 12);
  bytes.writeInt32BE(-32, 28);
  bytes.writeUInt32BE(4, 32);
  return bytes;
}

/** A big-endian section with one packet. */
function swappedSection(): Buffer {
  const words = (...values: number[]) => {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, index) => {
      bytes.writeUInt32BE(value, 4 * index);
    });
    return bytes;
  };
  const all = 0xffff_ffff;
  return Buffer.concat([
    words(0x0a0d0d0a, 28, 0x1a2b3c4d, 0x0001_0000, all, all, 28),
    words(1, 20, 220 << 16, 0, 20),
    words(6, 32 + 64, 0, 0, 0, 64, 64),
    bigHeader(),
    words(32 + 64),
  ]);
}
