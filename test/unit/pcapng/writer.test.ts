import { describe, expect, it } from 'vitest';
import { BYTE_ORDER_MAGIC, FIELD, PACKET_HEAD } from '../../../src/pcapng/layout.js';
import { IN_PROGRESS, type UsbPacket } from '../../../src/pcapng/usb-packet.js';
import {
  interfaceDescription,
  interfaceStatistics,
  packetBlock,
  sectionHeader,
} from '../../../src/pcapng/writer.js';

const PACKET: UsbPacket = {
  id: 0xffff_8880_1234_5678n,
  event: 'C',
  type: 'bulk',
  endpoint: 0x81,
  device: 7,
  bus: 3,
  setup: undefined,
  status: 0,
  length: 5,
  data: Buffer.from('hello'),
  time: 1_790_000_000_123_456_789n,
  comments: [],
};

/** Returns the options after the first `skip` bytes of a block, by their code. */
function optionsOf(block: Buffer, skip: number): [code: number, value: Buffer][] {
  const options: [number, Buffer][] = [];
  let at = skip;
  for (;;) {
    const [code, length] = [block.readUInt16LE(at), block.readUInt16LE(at + 2)];
    if (code === 0) {
      expect(at + 4 + 4).toBe(block.length);
      return options;
    }
    options.push([code, block.subarray(at + 4, at + 4 + length)]);
    at += 4 + ((length + 3) & ~3);
  }
}

describe('blocks', () => {
  it('have their length at both ends, and whole words', () => {
    const blocks = [
      sectionHeader({ hardware: 'x64', os: 'Linux 6.1', application: 'usbxfer 1' }),
      interfaceDescription('usb 3-1'),
      packetBlock(PACKET),
      packetBlock({ ...PACKET, comments: ['a', 'gäp'] }),
      interfaceStatistics({ start: 1n, end: 2n, received: 3, dropped: 0, comments: [] }),
    ];
    for (const block of blocks) {
      expect(block.length % 4).toBe(0);
      expect(block.readUInt32LE(4)).toBe(block.length);
      expect(block.readUInt32LE(block.length - 4)).toBe(block.length);
    }
  });

  it('begin with the byte order, and name what wrote them', () => {
    const block = sectionHeader({ hardware: 'x64', os: 'Linux 6.1', application: 'usbxfer 1' });
    expect(block.readUInt32LE(8)).toBe(BYTE_ORDER_MAGIC);
    expect(optionsOf(block, 24).map(([code, value]) => [code, value.toString()])).toEqual([
      [2, 'x64'],
      [3, 'Linux 6.1'],
      [4, 'usbxfer 1'],
    ]);
  });

  it('describe an interface of USB packets with times in nanoseconds', () => {
    const block = interfaceDescription('usb 3-1');
    expect(block.readUInt16LE(8)).toBe(220);
    expect(optionsOf(block, 16)).toEqual([
      [2, Buffer.from('usb 3-1')],
      [9, Buffer.of(9)],
    ]);
  });

  it('end with counters', () => {
    const block = interfaceStatistics({
      start: 1n,
      end: 2n ** 32n + 5n,
      received: 3,
      dropped: 4,
      comments: ['end'],
    });
    expect([block.readUInt32LE(12), block.readUInt32LE(16)]).toEqual([1, 5]);
    expect(optionsOf(block, 20)).toEqual([
      [2, Buffer.of(0, 0, 0, 0, 1, 0, 0, 0)],
      [3, Buffer.of(1, 0, 0, 0, 5, 0, 0, 0)],
      [4, Buffer.of(3, 0, 0, 0, 0, 0, 0, 0)],
      [5, Buffer.of(4, 0, 0, 0, 0, 0, 0, 0)],
      [1, Buffer.from('end')],
    ]);
  });
});

describe('packets', () => {
  it('have the header of usbmon, then the data', () => {
    const block = packetBlock(PACKET);
    const header = block.subarray(PACKET_HEAD);
    const time = (BigInt(block.readUInt32LE(12)) << 32n) | BigInt(block.readUInt32LE(16));
    expect(time).toBe(PACKET.time);
    expect([block.readUInt32LE(20), block.readUInt32LE(24)]).toEqual([69, 69]);
    expect(header.readBigUInt64LE(FIELD.id)).toBe(PACKET.id);
    expect(header.toString('latin1', 8, 9)).toBe('C');
    expect([...header.subarray(9, 16)]).toEqual([3, 0x81, 7, 3, 0, 0x2d, 0]);
    expect(header.readBigInt64LE(FIELD.seconds)).toBe(1_790_000_000n);
    expect(header.readInt32LE(FIELD.microseconds)).toBe(123_456);
    expect(header.readInt32LE(FIELD.status)).toBe(0);
    expect([header.readUInt32LE(FIELD.length), header.readUInt32LE(FIELD.captured)]).toEqual([
      5, 5,
    ]);
    expect(header.readUInt32LE(FIELD.flags)).toBe(0x200);
    expect(header.toString('latin1', 64, 69)).toBe('hello');
  });

  it('tell why there is no data', () => {
    const flag = (packet: Partial<UsbPacket>) =>
      packetBlock({ ...PACKET, data: Buffer.alloc(0), ...packet })[PACKET_HEAD + FIELD.dataFlag];
    expect(flag({ event: 'S' })).toBe('<'.charCodeAt(0));
    expect(flag({ event: 'C' })).toBe(0);
    expect(flag({ event: 'S', endpoint: 2 })).toBe(0);
    expect(flag({ event: 'C', endpoint: 2 })).toBe('>'.charCodeAt(0));
    expect(flag({ event: 'S', endpoint: 2, data: Buffer.of(1) })).toBe(0);
  });

  it('have the setup packet of a control transfer', () => {
    const setup = Buffer.from('8006000100001200', 'hex');
    const block = packetBlock({
      ...{ ...PACKET, event: 'S', type: 'control', endpoint: 0x80, setup },
      ...{ status: IN_PROGRESS, length: 18, data: Buffer.alloc(0) },
    });
    const header = block.subarray(PACKET_HEAD);
    expect([header[FIELD.type], header[FIELD.setupFlag]]).toEqual([2, 0]);
    expect(header.readInt32LE(FIELD.status)).toBe(-115);
    expect(header.readUInt32LE(FIELD.length)).toBe(18);
    expect(header.subarray(40, 48)).toEqual(setup);
  });

  it('have a direction, and comments', () => {
    const block = packetBlock({ ...PACKET, endpoint: 1, comments: ['one', 'zwölf'] });
    const options = optionsOf(block, PACKET_HEAD + 64 + 8);
    expect(options.map(([code, value]) => [code, value.toString('hex')])).toEqual([
      [2, '02000000'],
      [1, Buffer.from('one').toString('hex')],
      [1, Buffer.from('zwölf').toString('hex')],
    ]);
  });
});
