import { describe, expect, it } from 'vitest';
import { DataTimings } from '../../../../src/engine/stats/timings.js';

describe('DataTimings', () => {
  it('has zeros at first', () => {
    const timings = new DataTimings();
    timings.start(1000);
    expect(timings.firstByte).toBeUndefined();
    expect([
      timings.peakBytesPerSecond,
      timings.intervalPercentile(50),
      timings.longestInterval,
    ]).toEqual([0, 0, 0]);
  });

  it('records when the first byte arrived, not the first transfer', () => {
    const timings = new DataTimings();
    timings.start(1000);
    timings.ended(0, false, 1010);
    timings.ended(512, false, 1025);
    timings.ended(512, false, 1026);
    expect(timings.firstByte).toBe(25);
  });

  it('summarizes intervals within three digits', () => {
    const timings = new DataTimings();
    timings.start(0);
    let now = 0;
    for (let i = 1; i <= 100; i += 1) {
      now += i;
      timings.ended(1, false, now);
    }
    expect(timings.intervalPercentile(50) / 50).toBeCloseTo(1, 2);
    expect(timings.intervalPercentile(99) / 99).toBeCloseTo(1, 2);
    expect(timings.longestInterval / 100).toBeCloseTo(1, 2);
  });

  it('ignores the interval to a cancelled transfer, and caps a huge one', () => {
    const timings = new DataTimings();
    timings.start(0);
    timings.ended(1, false, 100);
    for (let i = 0; i < 10; i += 1) {
      timings.ended(0, true, 150);
    }
    timings.ended(1, false, 250);
    expect(timings.intervalPercentile(50) / 100).toBeCloseTo(1, 2);
    timings.ended(1, false, 2 ** 53);
    expect(timings.longestInterval).toBeGreaterThan(1e9);
  });

  it('does not count the time between two runs as an interval', () => {
    const timings = new DataTimings();
    timings.start(0);
    timings.ended(1, false, 10);
    timings.start(5000);
    timings.ended(1, false, 5010);
    expect(timings.longestInterval / 10).toBeCloseTo(1, 2);
  });

  it('has the rate of the best second as its peak', () => {
    const timings = new DataTimings();
    timings.start(0);
    for (let now = 100; now <= 1000; now += 100) {
      timings.ended(10, false, now);
    }
    for (let now = 1100; now <= 2000; now += 100) {
      timings.ended(70, false, now);
    }
    timings.ended(1_000_000, false, 2100); // this second is not over
    expect(timings.peakBytesPerSecond).toBe(700);
  });
});
