import { expect, it } from 'vitest';
import { bar, spreadOf } from '../../../../src/cli/bench/spread.js';

it.each([
  [[3, 1, 10], { median: 3, min: 1, max: 10 }],
  [[4, 1, 2, 10], { median: 3, min: 1, max: 10 }],
  [[7], { median: 7, min: 7, max: 7 }],
])('sums up %j', (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});

it.each([
  [0, 0],
  [0.5, 10],
  [1, 20],
  [7, 20],
])('draws a share of %d with %i characters', (share, full) => {
  expect(bar(share, 20, false)).toBe('#'.repeat(full).padEnd(20));
});
