import { describe, expect, it } from 'vitest';
import { timeMark } from '../../../../src/cli/plot/page/units.js';

describe('a number beside the time axis', () => {
  it.each([
    [0.1 + 0.2, 0.1, '0.3'],
    [0.25, 0.25, '0.25'],
    [0.00075, 0.00025, '0.00075'],
    [1e-17, 0.5, '0'],
    [100_000, 25_000, '100000'],
    [1e9, 2.5e8, '1000000000'],
    [99_999.9975, 0.0025, '99999.9975'],
  ])('%d is exact at a distance of %d', (seconds, distance, text) => {
    expect(timeMark(seconds, distance)).toBe(text);
  });
});
