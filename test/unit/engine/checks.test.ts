import { expect, it } from 'vitest';
import { requireRange } from '../../../src/engine/checks.js';

it.each([
  [0, 1, 'depth must be an integer of at least 1, not 0'],
  [1.5, 1, 'depth must be an integer of at least 1, not 1.5'],
  [Number.NaN, 1, 'depth must be an integer of at least 1, not NaN'],
])('an option that must be an integer is not %d', (value, min, message) => {
  expect(() => requireRange('depth', value, min, Number.isInteger)).toThrow(
    new RangeError(message),
  );
});

it.each([
  [0.5, 1],
  [Number.NaN, 0],
])('an option of at least a minimum is not %d, with a minimum of %d', (value, min) => {
  expect(() => requireRange('bytes', value, min)).toThrow(
    new RangeError(`bytes must be a number of at least ${min}, not ${value}`),
  );
});

it.each([1, 1.5, Number.POSITIVE_INFINITY])('an option of at least 1 may be %d', (value) => {
  expect(() => requireRange('bytes', value, 1)).not.toThrow();
});
