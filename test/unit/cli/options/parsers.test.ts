import { totalmem } from 'node:os';
import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bufferSize,
  count,
  duration,
  interval,
  offset,
  size,
  splitSize,
  splitTime,
  timeoutOrForever,
  transferCount,
  transferSize,
  uint8,
} from '../../../../src/cli/options/parsers.js';
import { parseDuration, parseSize } from '../../../../src/usb/format.js';

/** The reason why a parser refuses a value; undefined if it accepts the value. */
function refusal(parse: (text: string) => unknown, text: string): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidArgumentError) {
      return error.message;
    }
    throw error;
  }
}

const SIZE = 'give a size such as 4096, 64k, 64KiB (1024) or 64kB (1000)';
const TIME = 'give a time such as 250ms, 10s, 5m or 1h30m';
const TIME_OR_FOREVER = 'give a time such as 250ms, 10s, 5m or 1h30m, or forever';

const sizes = { size, offset, transferSize, bufferSize, splitSize };
const times = { duration, interval, splitTime, timeoutOrForever };
const counts = { count, transferCount };
const PARSERS = Object.entries({ ...sizes, ...times, ...counts });

describe.each(PARSERS)('%s', (name, parse) => {
  it('says that a negative number is too small', () => {
    const reason = name === 'offset' ? 'it must not be negative' : 'it must be above 0';
    expect(['-5', '-1s', '-.5k', '-1'].map((text) => refusal(parse, text))).toEqual(
      Array(4).fill(reason),
    );
  });

  it('says that a number is too large, and what the maximum is', () => {
    for (const text of ['99999999999999999999', '9007199254740992', `1${'0'.repeat(400)}`]) {
      expect(refusal(parse, text)).toMatch(/^too large: the maximum is \S/);
    }
  });
});

const POSITIVE = PARSERS.filter(([name]) => name !== 'offset');

it.each(POSITIVE)('%s says that 0 is too small', (_, parse) => {
  expect(refusal(parse, '0')).toBe('it must be above 0');
});

it('an offset may be 0', () => {
  expect(offset('0')).toBe(0);
});

describe('a size', () => {
  it.each([
    ['40gb', '40GB'],
    ['64kb', '64kB'],
    ['64KIB', '64KiB'],
    ['1Mib', '1MiB'],
    ['1m', '1M'],
    ['1.5g', '1.5G'],
    ['10b', '10B'],
    ['10 bytes', '10B'],
    ['1e6', '1000000'],
    ['1.5E3', '1500'],
    ['1e3k', '1000k'],
    ['0x10', '16'],
    ['1,000,000', '1000000'],
    ["1'000", '1000'],
    ['1_000k', '1000k'],
    ['1,5M', '1.5M'],
    ['.5k', '0.5k'],
    ['5.', '5'],
    [' 1k', '1k'],
    ['1  KiB', '1KiB'],
  ])('%j is refused: did you mean %s?', (text, meant) => {
    expect(parseSize(text)).toBeUndefined();
    expect(refusal(size, text)).toBe(`${SIZE} (did you mean ${meant}?)`);
  });

  it.each([
    '',
    'x',
    'lots',
    '1P',
    '1..5k',
    '1e400',
    '0e0',
    '0gb',
    '1/2',
    '٣',
    '1k1k',
  ])('%j is refused without a suggestion', (text) => {
    expect(refusal(size, text)).toBe(SIZE);
  });

  it.each(['1.5', '0.3k', '1.5B'])('%s is refused: no whole number of bytes', (text) => {
    expect(refusal(size, text)).toBe('it must be a whole number of bytes');
  });

  it('has limits that depend on the option', () => {
    expect(refusal(size, '8192T')).toBe('too large: the maximum is 9007199254740991 bytes');
    expect(refusal(transferSize, '257M')).toBe('too large: the maximum is 256MiB');
    expect(refusal(bufferSize, String(2 * totalmem()))).toBe(
      `too large: the maximum is ${totalmem()} bytes, the memory of this machine`,
    );
    expect(refusal(splitSize, '511')).toBe('too small: the minimum is 512 bytes');
    expect(splitSize('512')).toBe(512);
    expect(transferSize('256M')).toBe(256 * 2 ** 20);
  });

  it('is suggested only if the option accepts it', () => {
    expect(refusal(splitSize, '100b')).toBe(SIZE);
    expect(refusal(transferSize, '1gb')).toBe(SIZE);
  });
});

describe('a time', () => {
  it.each([
    ['10S', '10s'],
    ['10sec', '10s'],
    ['5min', '5m'],
    ['5 minutes', '5m'],
    ['2 hours', '2h'],
    ['1day', '1d'],
    ['250msec', '250ms'],
    ['1H30M', '1h30m'],
    ['1h 30m', '1h30m'],
    ['1e3', '1000'],
    ['0,5', '0.5'],
  ])('%j is refused: did you mean %s?', (text, meant) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(refusal(duration, text)).toBe(`${TIME} (did you mean ${meant}?)`);
    expect(refusal(timeoutOrForever, text)).toBe(`${TIME_OR_FOREVER} (did you mean ${meant}?)`);
  });

  it.each([
    '',
    'soon',
    '1us',
    '30m1h',
    '1h30',
    '1y',
  ])('%j is refused without a suggestion', (text) => {
    expect(refusal(duration, text)).toBe(TIME);
  });

  it('has limits that depend on the option', () => {
    expect(refusal(duration, '0.5ms')).toBe('it must be a whole number of milliseconds');
    expect(refusal(duration, '104249992d')).toBe('too large: the maximum is 9007199254740991ms');
    expect(refusal(interval, '9ms')).toBe('too small: the minimum is 10ms');
    expect(refusal(splitTime, '99ms')).toBe('too small: the minimum is 100ms');
    expect(timeoutOrForever('forever')).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a number', () => {
  it.each([
    ['count', 'many', 'give a whole number'],
    ['count', '1e6', 'give a whole number (did you mean 1000000?)'],
    ['count', '1,000', 'give a whole number (did you mean 1000?)'],
    ['count', '10k', 'give a whole number'],
    ['count', '1.5', 'give a whole number'],
    ['transferCount', '1025', 'too large: the maximum is 1024'],
    ['transferCount', '1.5', 'give a whole number from 1 to 1024'],
    ['uint8', '256', 'too large: the maximum is 255'],
    ['uint8', '-1', 'it must not be negative'],
    ['uint8', '0x10', 'give a number from 0 to 255 (did you mean 16?)'],
    ['uint8', '', 'give a number from 0 to 255'],
  ] as const)('%s refuses %j: %s', (name, text, reason) => {
    expect(refusal({ ...counts, uint8 }[name], text)).toBe(reason);
  });

  it('is accepted up to its limits', () => {
    expect([count('1'), count('9007199254740991')]).toEqual([1, 2 ** 53 - 1]);
    expect([transferCount('1024'), uint8('255'), uint8('0')]).toEqual([1024, 255, 0]);
  });
});

it('every suggestion is accepted, and every refusal is one line', () => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[-+0-9.,_ e]{0,20}[kKMGTiIbBsSmMhHd ]{0,4}$/),
  );
  fc.assert(
    fc.property(fc.constantFrom(...PARSERS), text, ([, parse], text) => {
      const reason = refusal(parse, text) ?? '';
      expect(reason).not.toContain('\n');
      const meant = /\(did you mean (.*)\?\)$/.exec(reason)?.[1];
      if (meant !== undefined) {
        expect(refusal(parse, meant)).toBeUndefined();
      }
    }),
  );
});
