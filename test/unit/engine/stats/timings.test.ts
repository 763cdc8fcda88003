import { describe, expect, it } from 'vitest';
import { DataTimings } from '../../../../src/engine/stats/timings.js';

describe('Pace', () => {
  it('knows nothing at first', () => {
    const pace = new DataTimings();
    pace.start(1000);
    expect(pace.firstByte).toBeUndefined();
    expect([pace.peakBytesPerSecond, pace.intervalPercentile(50), pace.longestInterval]).toEqual([
      0, 0, 0,
    ]);
  });

  it('tells when the first byte came, not the first transfer', () => {
    const pace = new DataTimings();
    pace.start(1000);
    pace.ended(0, false, 1010);
    pace.ended(512, false, 1025);
    pace.ended(512, false, 1026);
    expect(pace.firstByte).toBe(25);
  });

  it('sums intervals up within three digits', () => {
    const pace = new DataTimings();
    pace.start(0);
    let now = 0;
    for (let i = 1; i <= 100; i += 1) {
      now += i;
      pace.ended(1, false, now);
    }
    expect(pace.intervalPercentile(50) / 50).toBeCloseTo(1, 2);
    expect(pace.intervalPercentile(99) / 99).toBeCloseTo(1, 2);
    expect(pace.longestInterval / 100).toBeCloseTo(1, 2);
  });

  it('measures no interval by what was cancelled, and none too long for it', () => {
    const pace = new DataTimings();
    pace.start(0);
    pace.ended(1, false, 100);
    for (let i = 0; i < 10; i += 1) {
      pace.ended(0, true, 150);
    }
    pace.ended(1, false, 250);
    expect(pace.intervalPercentile(50) / 100).toBeCloseTo(1, 2);
    pace.ended(1, false, 2 ** 53);
    expect(pace.longestInterval).toBeGreaterThan(1e9);
  });

  it('does not count the time between two runs as an interval', () => {
    const pace = new DataTimings();
    pace.start(0);
    pace.ended(1, false, 10);
    pace.start(5000);
    pace.ended(1, false, 5010);
    expect(pace.longestInterval / 10).toBeCloseTo(1, 2);
  });

  it('has the rate of the best second for its peak', () => {
    const pace = new DataTimings();
    pace.start(0);
    for (let now = 100; now <= 1000; now += 100) {
      pace.ended(10, false, now);
    }
    for (let now = 1100; now <= 2000; now += 100) {
      pace.ended(70, false, now);
    }
    pace.ended(1_000_000, false, 2100); // a second that is not over yet
    expect(pace.peakBytesPerSecond).toBe(700);
  });
});
