import { expect, it } from 'vitest';
import { stepText } from '../../../../src/cli/bench/live.js';
import type { RenderOptions } from '../../../../src/cli/progress/layout.js';
import { ReceiveStatistics } from '../../../../src/engine/stats/statistics.js';

const TIMES = { now: 3000, startedAt: 1000 };

function options(width: number): RenderOptions {
  return {
    ...{ width, unicode: false, paint: (_, text) => text },
    bar: (share, columns) => '#'.repeat(Math.round(share * columns)).padEnd(columns, '.'),
  };
}

/** A run that started a second ago and moved 2 MiB. */
function run(): ReceiveStatistics {
  const statistics = new ReceiveStatistics(16);
  statistics.startedAt = 2000;
  statistics.bytesMoved = 2 * 1024 ** 2;
  return statistics;
}

const STEP = { name: 'round 2 of 3', subject: '8 x 64.0 KiB', share: () => 0.25 };

it('has the step, the share that is done, what is measured, its rate, and the time left', () => {
  expect(stepText(STEP, run(), TIMES, options(80))).toBe(
    'round 2 of 3  #######...................  8 x 64.0 KiB  2.00 MiB/s  left 0:06',
  );
});

it('has no rate before the run starts, and no estimate before anything is done', () => {
  const step = { name: 'run 1 of 5', share: () => 0 };
  expect(stepText(step, undefined, TIMES, options(60))).toMatch(
    /^run 1 of 5 {2}\.+ {2}0 B\/s {2}left -$/,
  );
});

it('is narrower than any terminal', () => {
  for (let width = 1; width < 120; width += 1) {
    expect(stepText(STEP, run(), TIMES, options(width)).length).toBeLessThan(width);
  }
});
