import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  comparePaths,
  formatEndpoint,
  ids,
  parentPath,
  parseDuration,
  parseSize,
  portPath,
} from '../../../src/usb/format.js';

describe('a port path', () => {
  it('is formatted as the kernel formats it', () => {
    expect(portPath(3, [])).toBe('usb3');
    expect(portPath(3, [1, 2])).toBe('3-1.2');
  });

  it('is ordered by bus and port, hubs first', () => {
    const ordered = ['usb1', '1-1', '1-1.2', '1-1.10', '1-2', 'usb2', '2-1', 'usb10', '10-1'];
    expect([...ordered].reverse().sort(comparePaths)).toEqual(ordered);
  });

  it('has the path of the hub as its parent', () => {
    expect(['3-1.2.4', '3-1.2', '3-1', 'usb3'].map(parentPath)).toEqual([
      '3-1.2',
      '3-1',
      'usb3',
      undefined,
    ]);
  });
});

it('IDs and endpoint addresses are padded with zeros', () => {
  expect(ids({ vid: 0x12, pid: 0xabcd })).toBe('0012:abcd');
  expect([0x82, 0x02].map(formatEndpoint)).toEqual(['0x82', '0x02']);
});

describe('parseSize', () => {
  it.each([
    ['0', 0],
    ['512', 512],
    ['512B', 512],
    ['007', 7],
    ['64k', 65_536],
    ['64K', 65_536],
    ['64Ki', 65_536],
    ['64KiB', 65_536],
    ['64 KiB', 65_536],
    ['64kiB', 65_536],
    ['64kB', 64_000],
    ['64KB', 64_000],
    ['1M', 1_048_576],
    ['1Mi', 1_048_576],
    ['1MiB', 1_048_576],
    ['1MB', 1_000_000],
    ['1.5M', 1_572_864],
    ['1.50MB', 1_500_000],
    ['0.5k', 512],
    ['2.0', 2],
    ['3G', 3 * 2 ** 30],
    ['3GiB', 3 * 2 ** 30],
    ['3GB', 3_000_000_000],
    ['1T', 2 ** 40],
    ['1TiB', 2 ** 40],
    ['1TB', 1_000_000_000_000],
    ['8191T', 8191 * 2 ** 40],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('parses %j as %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    '',
    ' ',
    'k',
    'B',
    '-1',
    '+1',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '1,000',
    '1_000',
    '.5k',
    '1.',
    '1.5',
    '1.5B',
    '0.3k',
    '1.2.3',
    '64kb',
    '64b',
    '64KIB',
    '1m',
    '1g',
    '1Mb',
    '1P',
    '1ki B',
    '1  k',
    ' 1k',
    '1k ',
    '1k\n',
    '٣',
    '9007199254740992',
    '9007199254740993',
    '8192T',
    '99999999999999999999999999',
  ])('refuses %j', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  it('parses every safe integer exactly', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseSize(String(bytes))).toBe(bytes);
        expect(parseSize(`${bytes}B`)).toBe(bytes);
      }),
    );
  });

  it('is exact for fractions: a thousandth of a unit of 1000 is a whole number', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 40 }), (thousandths) => {
        const digits = String(thousandths).padStart(4, '0');
        expect(parseSize(`${digits.slice(0, -3)}.${digits.slice(-3)}kB`)).toBe(thousandths);
      }),
    );
  });

  it('returns a safe integer or undefined for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,24}[kKMGTiB]{0,3}$/)),
        (text) => {
          const bytes = parseSize(text);
          expect(bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0)).toBe(true);
        },
      ),
    );
  });
});

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['10', 10_000],
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5s', 1500],
    ['0.25', 250],
    ['5m', 300_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['1000h', 3_600_000_000],
    ['1d', 86_400_000],
    ['1.5d', 129_600_000],
    ['1h30m', 5_400_000],
    ['1m30s', 90_000],
    ['90m', 5_400_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['0h90m', 5_400_000],
  ])('parses %j as %i milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    '',
    's',
    '-1s',
    '1e3',
    'NaN',
    '0.5ms',
    '0.0001',
    '1S',
    '1M',
    '1us',
    '1min',
    '1h30',
    '30m1h',
    '1h1h',
    '1h 30m',
    '1.5h30m',
    '1h0.5m',
    '1h30x',
    '104249991d24h',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('is consistent between units', () => {
    fc.assert(
      fc.property(fc.nat(), (count) => {
        expect(parseDuration(`${count}s`)).toBe(parseDuration(`${count}000ms`));
        expect(parseDuration(`${count}m`)).toBe(parseDuration(`${count * 60}`));
        expect(parseDuration(`${count}h`)).toBe(parseDuration(`${count * 60}m`));
      }),
    );
  });
});
