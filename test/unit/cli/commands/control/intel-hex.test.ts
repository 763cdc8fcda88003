import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntelHexError, parseIntelHex } from '../../../../../src/cli/commands/control/intel-hex.js';

const END = ':00000001FF';

/** Makes a record with the right checksum. */
function record(type: number, address: number, data: readonly number[] | Buffer): string {
  const bytes = [data.length, address >> 8, address & 0xff, type, ...data];
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  return `:${Buffer.from([...bytes, -sum & 0xff]).toString('hex')}`;
}

function parse(...lines: readonly string[]): string[] {
  return parseIntelHex([...lines, END].join('\n'), 1024).map(
    ({ address, data }) => `${address.toString(16)}: ${data.toString('hex')}`,
  );
}

describe('parseIntelHex', () => {
  it('joins records that continue the previous one, and keeps the order of the others', () => {
    expect(
      parse(record(0, 0x10, [1, 2]), record(0, 0x12, [3]), record(0, 0, [4]), record(0, 1, [])),
    ).toEqual(['10: 010203', '0: 04']);
  });

  it('adds segment and linear addresses, and ignores start addresses', () => {
    expect(
      parse(
        ...[record(2, 0, [0x10, 0]), record(0, 5, [1]), record(3, 0, [0, 0, 0, 0])],
        ...[record(4, 0, [0xff, 0xff]), record(0, 0xffff, [2]), record(5, 0, [0, 0, 0, 0])],
      ),
    ).toEqual(['10005: 01', 'ffffffff: 02']);
  });

  it('accepts any line ends, empty lines, and digits of either case', () => {
    const text = `\n${record(0, 0, [0xab]).toUpperCase()}\r\n\r${record(0, 1, [0xcd])}\n${END}\n\n`;
    expect(parseIntelHex(text, 8)).toEqual([{ address: 0, data: Buffer.from([0xab, 0xcd]) }]);
  });

  it('cuts blocks to the maximum size', () => {
    const text = [record(0, 0x100, [1, 2, 3, 4, 5]), END].join('\n');
    expect(parseIntelHex(text, 2).map(({ address, data }) => [address, data.length])).toEqual([
      [0x100, 2],
      [0x102, 2],
      [0x104, 1],
    ]);
  });

  it.each([
    ['00000001FF', 1, 'a record starts with a colon'],
    [`:0000\n${END}`, 1, 'the record has 0 bytes of data, but its length is 0'],
    [`\n:00000001F\n${END}`, 2, 'two hexadecimal digits per byte'],
    [`:0000000g\n${END}`, 1, 'two hexadecimal digits per byte'],
    [`:020000000100FD\n${END}\n:00`, 3, 'the record has 0 bytes'],
    [`:0300000001FC\n${END}`, 1, 'the record has 1 bytes of data, but its length is 3'],
    [`${record(0, 0, [1])}\n:0100010001FE\n${END}`, 2, 'the checksum is fe, but should be fd'],
    [`${END}\n${record(0, 0, [1])}`, 2, 'follows the end record in line 1'],
    [`${record(0, 0, [1])}\n\n`, 1, 'the end record (:00000001FF) is missing after it'],
    ['', 1, 'the end record (:00000001FF) is missing'],
    [`${record(6, 0, [1])}\n${END}`, 1, 'the type of the record is 6, not 0 to 5'],
    [`${record(4, 0, [1])}\n${END}`, 1, 'a record of type 4 has 2 bytes of data, not 1'],
    [`${record(1, 0, [1])}`, 1, 'a record of type 1 has 0 bytes of data, not 1'],
    [`${record(5, 0, [1, 2])}\n${END}`, 1, 'a record of type 5 has 4 bytes of data, not 2'],
    [`${record(0, 0xffff, [1, 2])}\n${END}`, 1, 'the data goes beyond the address 0xffff'],
    [
      `${record(0, 4, [1, 2])}\n${record(0, 0, [0])}\n${record(0, 5, [3])}\n${END}`,
      3,
      'line 1 has data for the address 0x5, too',
    ],
  ])('rejects %j in line %i', (text, line, message) => {
    expect(() => parseIntelHex(text, 1024)).toThrow(IntelHexError);
    expect(() => parseIntelHex(text, 1024)).toThrow(message);
    try {
      parseIntelHex(text, 1024);
    } catch (error) {
      expect(error).toMatchObject({ line });
    }
  });

  it('returns the bytes of any memory at their addresses, and finds any changed digit', () => {
    const memory = fc.record({
      segments: fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 8 }),
      data: fc.uint8Array({ minLength: 1, maxLength: 200 }),
      recordSize: fc.integer({ min: 1, max: 32 }),
      chunk: fc.integer({ min: 1, max: 300 }),
      place: fc.nat(),
      digit: fc.integer({ min: 1, max: 15 }),
    });
    fc.assert(
      fc.property(memory, ({ segments, data, recordSize, chunk, place, digit }) => {
        const lines: string[] = [];
        for (const segment of segments) {
          const [high, low] = [segment >> 4, (segment & 15) * 0x1000];
          lines.push(record(4, 0, [0, high]));
          for (let at = 0; at < data.length; at += recordSize) {
            lines.push(record(0, low + at, Buffer.from(data.subarray(at, at + recordSize))));
          }
        }
        const text = [...lines, END].join('\n');
        const blocks = parseIntelHex(text, chunk);
        const bytes = new Map<number, number>();
        for (const block of blocks) {
          expect(block.data.length).toBeLessThanOrEqual(chunk);
          block.data.forEach((byte, i) => {
            bytes.set(block.address + i, byte);
          });
        }
        expect(bytes.size).toBe(segments.length * data.length);
        for (const segment of segments) {
          const found = [...data].map((_, i) => bytes.get(segment * 0x1000 + i));
          expect(found).toEqual([...data]);
        }
        const at = place % text.length;
        const old = Number.parseInt(text[at] ?? '', 16);
        if (!Number.isNaN(old)) {
          const changed = text.slice(0, at) + (old ^ digit).toString(16) + text.slice(at + 1);
          expect(() => parseIntelHex(changed, chunk)).toThrow(IntelHexError);
        }
      }),
    );
  });
});
