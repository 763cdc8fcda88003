import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hexDump, hexDumpLines, linesOf } from '../../../../src/cli/dump/hex-dump.js';

it('has the layout of hexdump -C', () => {
  const bytes = Buffer.from('0123456789abcdefgh~\x7f\x00\xff', 'latin1');
  expect(hexDump(bytes).toString()).toBe(
    '00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n' +
      '00000010  67 68 7e 7f 00 ff                                 |gh~...|\n',
  );
  expect(hexDump(Buffer.alloc(0))).toHaveLength(0);
  expect(hexDumpLines(Buffer.alloc(0))).toEqual([]);
});

it('shows every byte in its place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const lines = hexDumpLines(bytes);
      expect(lines).toHaveLength(linesOf(bytes.length));
      const parsed = lines.map((line, index) => {
        const [, offset = '', digits = '', text] =
          /^(\w{8}) {2}(.{48}) {2}\|(.*)\|$/.exec(line) ?? [];
        expect(Number.parseInt(offset, 16)).toBe(16 * index);
        const values = digits
          .trim()
          .split(/ +/)
          .map((pair) => Number.parseInt(pair, 16));
        const shown = values.map((value) =>
          value >= 0x20 && value <= 0x7e ? String.fromCharCode(value) : '.',
        );
        expect(text).toBe(shown.join(''));
        expect(digits.slice(24, 26)).toMatch(values.length > 8 ? /^ \w$/ : /^ {2}$/);
        return values;
      });
      expect(parsed.flat()).toEqual([...bytes]);
    }),
  );
});
