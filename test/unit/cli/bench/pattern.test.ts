import { describe, expect, it } from 'vitest';
import {
  PATTERN_BLOCK,
  PatternStream,
  pattern,
  patternName,
  Verifier,
} from '../../../../src/cli/bench/pattern.js';
import { counterBytes } from '../../../support/counter-stream.js';

const counter = () => new PatternStream({ kind: 'counter' }, 512);

describe('pattern', () => {
  it.each(['counter', 'mod63', '55aa', '00'.repeat(64)])('parses %s', (text) => {
    expect(patternName(pattern(text))).toBe(text);
  });

  it.each(['', '5', 'xyz', '0x', 'Counter', '00'.repeat(65)])('refuses %j', (text) => {
    expect(() => pattern(text)).toThrow('give counter, mod63, or 1 to 64 bytes');
  });
});

describe('PatternStream', () => {
  it.each([0, 1, 2, 3, 4, 65_537, 4 * 2 ** 32 - 8])('counts from byte %i', (offset) => {
    expect(counter().at(offset, 41)).toEqual(counterBytes(offset, 41));
  });

  it('starts mod63 again in each packet', () => {
    const stream = new PatternStream({ kind: 'mod63' }, 64);
    expect([...stream.at(60, 8)]).toEqual([60, 61, 62, 0, 0, 1, 2, 3]);
    expect(stream.at(63, PATTERN_BLOCK)).toHaveLength(PATTERN_BLOCK);
  });

  it('repeats bytes', () => {
    const stream = new PatternStream(pattern('0102ff'), 512);
    expect([...stream.at(3_000_001, 5)]).toEqual([2, 0xff, 1, 2, 0xff]);
  });
});

describe('Verifier', () => {
  it('accepts a counter that starts anywhere, in pieces of any size', () => {
    const verifier = new Verifier(counter());
    const bytes = counterBytes(4 * 1_000_003, 200_000);
    for (let at = 0, size = 4; at < bytes.length; at += size, size = (size * 7) % 10_007) {
      verifier.check(bytes.subarray(at, at + size));
    }
    expect(verifier.mistake).toBeUndefined();
    expect(verifier.failed.aborted).toBe(false);
  });

  it('finds where bytes repeat first', () => {
    const verifier = new Verifier(new PatternStream(pattern('0102ff'), 512));
    verifier.check(Buffer.from([0xff, 1, 2, 0xff]));
    expect(verifier.mistake).toBeUndefined();
    verifier.check(Buffer.from([1, 3, 2]));
    expect(verifier.mistake).toEqual({ offset: 5, expected: 2, actual: 3 });
  });

  it('names the first wrong byte, in any block', () => {
    const verifier = new Verifier(counter(), 0);
    const bytes = counterBytes(0, 3 * PATTERN_BLOCK);
    bytes[2 * PATTERN_BLOCK + 9] = 0xee;
    bytes[2 * PATTERN_BLOCK + 11] = 0xee;
    verifier.check(bytes.subarray(0, 100));
    verifier.check(bytes.subarray(100));
    const offset = 2 * PATTERN_BLOCK + 9;
    const [expected] = counterBytes(offset, 1);
    expect(verifier.mistake).toEqual({ offset, expected, actual: 0xee });
    expect(verifier.failed.aborted).toBe(true);
  });

  it('does not accept a start of its own if one is given', () => {
    const verifier = new Verifier(counter(), 0);
    verifier.check(counterBytes(4, 8));
    expect(verifier.mistake).toEqual({ offset: 0, expected: 0, actual: 1 });
  });
});
