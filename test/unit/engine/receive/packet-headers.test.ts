import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketHeaders } from '../../../../src/engine/receive/packet-headers.js';

function headersOf(length: number, packetSize: number): PacketHeaders {
  const headers = new PacketHeaders(length);
  headers.setPacketSize(packetSize);
  return headers;
}

describe('PacketHeaders', () => {
  it('removes the header of each packet of any transfer, and predicts what remains', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(8, 64, 512, 1024),
        fc.nat(1023),
        fc.uint8Array({ maxLength: 5000 }),
        (packetSize, header, received) => {
          const headers = headersOf(header % packetSize, packetSize);
          const packets: Uint8Array[] = [];
          for (let start = 0; start < received.length; start += packetSize) {
            packets.push(received.slice(start, start + packetSize));
          }
          const payload = Buffer.concat(packets.map((packet) => packet.subarray(headers.length)));
          const buffer = Buffer.concat([received, Buffer.alloc(100, 0xee)]);
          expect(headers.payloadOf(received.length)).toBe(payload.length);
          expect(headers.packetsIn(received.length)).toBe(headers.length > 0 ? packets.length : 0);
          const length = headers.strip(buffer, received.length);
          expect(buffer.subarray(0, length).equals(payload)).toBe(true);
          expect(buffer.subarray(received.length).equals(Buffer.alloc(100, 0xee))).toBe(true);
        },
      ),
    );
  });

  it.each([
    [0, 510, 512],
    [510, 510, 512],
    [511, 511, 1024],
    [1, 1, 512],
    [0, 0, 0],
    [5, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('requests whole packets for payload (%s: %s bytes need %s)', (_, payload, bytes) => {
    expect(headersOf(2, 512).bytesFor(payload)).toBe(bytes);
  });

  it('without headers, changes nothing', () => {
    const headers = headersOf(0, 512);
    const buffer = Buffer.from('abc');
    expect([headers.payloadOf(700), headers.bytesFor(700), headers.packetsIn(700)]).toEqual([
      700, 700, 0,
    ]);
    expect([headers.strip(buffer, 3), buffer.toString()]).toEqual([3, 'abc']);
  });

  it('rejects a length that is no whole number, and one that leaves nothing of a packet', () => {
    expect(() => new PacketHeaders(-1)).toThrow(RangeError);
    expect(() => new PacketHeaders(1.5)).toThrow(RangeError);
    expect(() => headersOf(64, 64)).toThrow(RangeError);
    expect(() => headersOf(63, 64)).not.toThrow();
  });
});
