import { expect, it } from 'vitest';
import { ScreenLimit } from '../../../../src/cli/dump/screen-limit.js';

it('lets a screenful of lines through in each second that has any', () => {
  let rows = 25;
  const limit = new ScreenLimit(() => rows);
  expect(limit.room(5000)).toBe(24);
  limit.take(20);
  expect([limit.room(5999), limit.wait(5999)]).toEqual([4, 1]);
  limit.take(4);
  expect(limit.room(5999)).toBe(0);
  rows = 10;
  expect([limit.wait(6000), limit.room(6000)]).toEqual([0, 9]);
  expect(limit.room(9000)).toBe(9);
  expect([limit.wait(9500), limit.room(9500)]).toEqual([500, 9]);
});

it('shows something on the smallest terminal', () => {
  expect(new ScreenLimit(() => 1).room(0)).toBe(1);
});
