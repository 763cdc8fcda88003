import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RenderOptions } from '../../../../src/cli/progress/layout.js';
import { progressLine, progressText, RateHistory } from '../../../../src/cli/progress/line.js';
import { Meter, type StreamLimits } from '../../../../src/cli/progress/stream.js';
import { directionsOf, receiving } from '../../../../src/cli/report/direction.js';
import { ReceiveStatistics, SendStatistics } from '../../../../src/engine/stats/statistics.js';

const MIB = 1024 * 1024;

const looks: RenderOptions = {
  width: 200,
  unicode: false,
  paint: (style, text) => `<${style}>${text}</>`,
  bar: (share, columns) => '#'.repeat(Math.round(share * columns)).padEnd(columns, '.'),
};

/** A capture that started at 1000 ms and received this many bytes in each second. */
function capture(...seconds: number[]): [ReceiveStatistics, RateHistory, now: number] {
  const statistics = new ReceiveStatistics(16);
  statistics.startedAt = 1000;
  const history = new RateHistory(1000);
  let now = 1000;
  for (const bytes of seconds) {
    for (let step = 0; step < 4; step += 1) {
      now += 250;
      statistics.bytesMoved += bytes / 4;
      statistics.bytesWritten += bytes / 4;
      history.add(statistics.bytesReceived, now);
    }
  }
  return [statistics, history, now];
}

function track(statistics: ReceiveStatistics, history: RateHistory, limits: StreamLimits) {
  return { meter: new Meter(receiving(statistics), limits), history };
}

function textOf(goal: StreamLimits, width = 200, ...seconds: number[]): string {
  const [statistics, history, now] = capture(...seconds);
  return progressText(track(statistics, history, goal), now, { ...looks, width });
}

describe('the line of a capture', () => {
  it('without a limit has the rate now and on average, and the last minute', () => {
    expect(textOf({}, 200, 1 * MIB, 2 * MIB, 3 * MIB)).toBe(
      '6.00 MiB  elapsed 0:03  now 3.00 MiB/s  average 2.00 MiB/s  last minute: -*@',
    );
  });

  it('has no graph before there is a rate', () => {
    expect(textOf({}, 200)).toBe('0 B  elapsed 0:00  now 0 B/s  average 0 B/s');
  });

  it('with a limit of bytes has a bar, the share and when it ends', () => {
    const text = textOf({ bytes: 8 * MIB }, 120, 2 * MIB, 2 * MIB);
    expect(text).toMatch(
      /^#+\.+ {2}4\.00 MiB of 8\.00 MiB {2}50 % {2}elapsed 0:02 {2}now 2\.00 MiB\/s {2}average 2\.00 MiB\/s {2}left 0:02$/,
    );
    const bar = /^#+\.+/.exec(text)?.[0] ?? '';
    expect([...bar].filter((c) => c === '#').length).toBe(Math.round(bar.length / 2));
  });

  it.each<[StreamLimits, RegExp]>([
    [{ duration: 8000 }, / {2}25 % .* left 0:06/],
    [{ bytes: 100 * MIB, duration: 4000 }, / {2}50 % .* left 0:02/],
    [{ bytes: 5 * MIB, duration: 400_000 }, / {2}80 % .* left 0:01/],
  ])('looks forward to the limit that comes first: %j', (goal, expected) => {
    expect(textOf(goal, 200, 2 * MIB, 2 * MIB)).toMatch(expected);
  });

  it('counts what is skipped towards the limit', () => {
    const [statistics, history, now] = capture(2 * MIB);
    statistics.bytesMoved += 3 * MIB;
    statistics.bytesSkipped = 3 * MIB;
    const text = progressText(
      track(statistics, history, { bytes: 7 * MIB, skip: 3 * MIB }),
      now,
      looks,
    );
    expect(text).toContain('  50 %  ');
  });

  it('knows no end while nothing comes', () => {
    expect(textOf({ bytes: MIB }, 200, 0, 0)).toContain('  left -');
  });

  it('counts transfers towards a limit of them', () => {
    const [statistics, history, now] = capture(MIB, MIB);
    statistics.transfersWithData = 5;
    expect(progressText(track(statistics, history, { count: 20 }), now, looks)).toMatch(
      / 25 % .*left 0:06/,
    );
  });

  it('has what happened to the device, in red, and how long the output was too slow', () => {
    const [statistics, history, now] = capture(MIB);
    statistics.statuses.completed = 7;
    statistics.statuses.stall = 32;
    statistics.failures.stall = 2;
    statistics.failures['device-lost'] = 1;
    statistics.timings.starved.start(now - 700);
    const text = progressText(track(statistics, history, {}), now, looks);
    expect(text).toContain(
      '  average 1.00 MiB/s  output too slow for 0.7 s  <red>2 stalls</>  <red>1 disconnection</>  last',
    );
  });

  it('has no delay that is too short to matter', () => {
    const [statistics, history, now] = capture(MIB);
    statistics.timings.starved.start(now - 50);
    expect(progressText(track(statistics, history, {}), now, looks)).not.toContain('slow');
  });

  it.each([
    ['reset', 'resetting the device'],
    ['clear-halt', 'clearing the halt'],
    ['reopen', 'reopening the device'],
  ] as const)('while the device is restarted has what is done: %s', (restart, doing) => {
    const [statistics, history, now] = capture(2 * MIB);
    Object.assign(statistics, { waitingSince: now, restarting: restart });
    expect(progressLine([track(statistics, history, {})], now + 5000, looks)).toBe(
      `2.00 MiB  elapsed 0:06  ${doing} for 0:05`,
    );
    expect(track(statistics, history, {}).meter.line(true, now + 5000)).toContain(
      `${doing} for 5.0 s`,
    );
  });

  it('while the device is away has how long, and no rate that decays', () => {
    const [statistics, history, now] = capture(2 * MIB);
    statistics.failures['device-lost'] = 1;
    statistics.waitingSince = now;
    const away = (limits: StreamLimits, seconds: number) =>
      progressLine([track(statistics, history, limits)], now + seconds * 1000, looks);
    expect(away({}, 5)).toBe(
      '2.00 MiB  elapsed 0:06  waiting for the device for 0:05  <red>1 disconnection</>',
    );
    expect(away({ bytes: 4 * MIB }, 65)).toMatch(
      /^#+\.+ {2}2\.00 MiB of 4\.00 MiB {2}50 % {2}elapsed 1:06 {2}waiting for the device for 1:05 {2}<red>/,
    );
    statistics.waitingSince = undefined;
    statistics.bytesMoved += MIB;
    statistics.bytesWritten += MIB;
    expect(away({ bytes: 4 * MIB }, 65.5)).toMatch(
      / {2}now 2\.00 MiB\/s {2}average .* {2}left 0:01 {2}<red>/,
    );
    expect(history.seconds).toEqual([2 * MIB]);
  });

  it('is less wide than the terminal, and of what has no room the least goes first', () => {
    const plain: RenderOptions = { ...looks, paint: (_, text) => text };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.constantFrom<StreamLimits>({}, { bytes: 4 * MIB }, { duration: 9000 }),
        fc.boolean(),
        (width, goal, stalled) => {
          const [statistics, history, now] = capture(MIB, MIB);
          statistics.failures.stall = stalled ? 3 : 0;
          const text = progressText(track(statistics, history, goal), now, { ...plain, width });
          expect(text.length).toBeLessThan(width);
          if (width > 63) {
            expect(text).toContain('1.00 MiB/s');
            expect(text.includes('3 stalls')).toBe(stalled);
          }
        },
      ),
    );
  });
});

describe('the line of two directions', () => {
  it('has both, by name, less wide than the terminal', () => {
    const [statistics, history, now] = capture(2 * MIB);
    const sent = Object.assign(new SendStatistics(16), {
      startedAt: statistics.startedAt,
      bytesMoved: 2 * MIB,
      bytesAccepted: 2 * MIB,
    });
    const directions = directionsOf({ in: statistics, out: sent });
    const tracks = directions.map((direction) => ({ meter: new Meter(direction, {}), history }));
    expect(progressLine(tracks, now, looks)).toMatch(/^in 2\.00 MiB .* out 2\.00 MiB /);
    sent.timings.starved.start(now - 700); // the input may pause between messages
    expect(progressLine(tracks, now, { ...looks, width: 400 })).not.toContain('slow');
    for (let width = 4; width < 200; width += 1) {
      // The terminal shows ^C after the line.
      expect(progressLine(tracks, now, { ...looks, width }).length + 2).toBeLessThanOrEqual(width);
      const alone = progressLine(tracks.slice(0, 1), now, { ...looks, width });
      expect(alone.length + 2).toBeLessThanOrEqual(width);
    }
  });
});

describe('the rate now', () => {
  it('is that of the last second, and forgets what was before', () => {
    const history = new RateHistory(0);
    expect(history.current).toBe(0);
    history.add(500, 500);
    expect(history.current).toBe(1000);
    for (let at = 600; at <= 3000; at += 100) {
      history.add(500, at);
    }
    expect(history.current).toBe(0);
  });

  it('is kept for a minute', () => {
    const history = new RateHistory(0);
    for (let second = 1; second <= 100; second += 1) {
      history.add(second * second, second * 1000);
    }
    expect(history.seconds).toHaveLength(60);
    expect(history.seconds.at(-1)).toBe(100 * 100 - 99 * 99);
    expect(history.seconds[0]).toBe(41 * 41 - 40 * 40);
  });
});
