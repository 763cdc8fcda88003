import { describe, expect, it } from 'vitest';
import { DataTimings, QueueTimings } from '../../../../src/engine/stats/timings.js';

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

  it('counts the time to the first byte from the first start', () => {
    const timings = new DataTimings();
    timings.start(1000);
    timings.start(2000);
    timings.ended(512, false, 2500);
    expect(timings.firstByte).toBe(1500);
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

describe('QueueTimings', () => {
  it('measures how long submission is throttled, and how long nothing is in flight then', () => {
    const timings = new QueueTimings(4);
    timings.throttle(2, 1000);
    timings.throttle(0, 1010);
    timings.throttle(0, 1020);
    expect([timings.throttled.running, timings.starved.running]).toEqual([true, true]);
    expect([timings.throttled.millisecondsAt(1050), timings.starved.millisecondsAt(1050)]).toEqual([
      50, 40,
    ]);
    timings.submitted(1060); // starved no more, but still throttled
    expect([timings.throttled.running, timings.starved.running]).toEqual([true, false]);
    timings.full(1070);
    expect([timings.throttled.running, timings.starved.running]).toEqual([false, false]);
    timings.full(1090);
    expect([timings.throttled.milliseconds, timings.starved.milliseconds]).toEqual([70, 50]);
    expect([timings.throttled.count, timings.starved.count]).toEqual([1, 1]);
  });

  it('adds up several periods', () => {
    const { throttled } = new QueueTimings(4);
    expect(throttled.millisecondsAt(500)).toBe(0);
    for (const start of [1000, 2000]) {
      throttled.start(start);
      throttled.stop(start + 30);
    }
    throttled.start(3000);
    expect([throttled.count, throttled.milliseconds]).toEqual([3, 60]);
    expect(throttled.millisecondsAt(3005)).toBe(65);
  });

  it('has the minimum of transfers in flight, but not above the depth', () => {
    const timings = new QueueTimings(4);
    expect(timings.minInFlight).toBe(4);
    for (const [inFlight, min] of [
      [3, 3],
      [1, 1],
      [2, 1],
    ] as const) {
      timings.throttle(inFlight, 1000);
      expect(timings.minInFlight).toBe(min);
    }
    timings.limit(0);
    expect(timings.minInFlight).toBe(0);
  });

  it('does not count the wait for an input that had ended', () => {
    const timings = new QueueTimings(4);
    timings.throttle(1, 1000);
    timings.submitted(1030); // still throttled
    timings.throttle(0, 1040);
    timings.undoThrottle();
    expect([timings.throttled.milliseconds, timings.throttled.count]).toEqual([30, 1]);
    expect([timings.starved.milliseconds, timings.starved.count]).toEqual([0, 0]);
    expect([timings.throttled.running, timings.starved.running]).toEqual([false, false]);
  });

  it('counts no wait that began with the last submission', () => {
    const timings = new QueueTimings(4);
    timings.submitted(1000);
    timings.throttle(1, 1000);
    timings.undoThrottle();
    expect([timings.throttled.milliseconds, timings.throttled.count]).toEqual([0, 0]);
    timings.undoThrottle();
    expect(timings.throttled.count).toBe(0);
  });
});
