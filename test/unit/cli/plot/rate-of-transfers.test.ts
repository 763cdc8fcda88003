import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateOfTransfers } from '../../../../src/cli/plot/rate-of-transfers.js';

/** The rate of transfers of 1000 bytes at these times. */
function rateAt(times: Iterable<number>, end?: number): RateOfTransfers {
  const rate = new RateOfTransfers();
  for (const seconds of times) {
    rate.add(seconds, 1000, 'completed');
  }
  if (end !== undefined) {
    rate.end(end);
  }
  return rate;
}

function every(interval: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => i * interval);
}

describe('the rate of transfers', () => {
  it.each([
    ['short', 0.001, 10_000],
    ['long', 0.1, 100_000],
  ])('is that of a %s run', (_, interval, count) => {
    const stream = rateAt(every(interval, count), interval * count).toStream(512);
    const { seconds, rateMean, rateMin, rateMax } = stream;
    expect(seconds.length).toBeGreaterThan(64);
    expect(seconds.length).toBeLessThanOrEqual(512);
    for (const rate of [...rateMean, ...rateMin, ...rateMax]) {
      expect(Math.abs(rate * interval - 1000)).toBeLessThan(300);
    }
  });

  it('keeps two seconds without data in a long run', () => {
    const times = every(0.1, 360_000).filter((time) => time < 20_000 || time > 20_002);
    const { seconds, rateMin } = rateAt(times).toStream(256);
    const place = seconds.findLastIndex((time) => time < 20_001);
    expect(Math.min(...rateMin.slice(place - 1, place + 2))).toBe(0);
    expect(rateMin.filter((rate) => rate === 0).length).toBeLessThanOrEqual(2);
  });

  it('is 0 at both ends of a silence', () => {
    const times = every(0.1, 1000);
    const { seconds, rateMean } = rateAt([...times, ...times.map((t) => 10_000 + t)]).toStream(
      2048,
    );
    const silent = seconds.filter((_, i) => rateMean[i] === 0);
    expect(Math.min(...silent)).toBeLessThan(300);
    expect(Math.max(...silent)).toBeGreaterThan(9_800);
  });

  it('has no wider buckets than needed for some transfers in each', () => {
    expect(rateAt(every(0.01, 800)).toStream(2048).seconds.length).toBeLessThanOrEqual(100);
    expect(rateAt([0.5]).toStream(2048)).toMatchObject({ direction: 'in', buffered: [] });
  });

  it('counts every transfer and every byte, whatever their times', () => {
    const transfer = fc.record({
      seconds: fc.oneof(fc.double({ min: -1, max: 1e9, noNaN: true }), fc.nat(10)),
      length: fc.nat(1e6),
      status: fc.constantFrom('completed', 'stall', 'from-the-future'),
    });
    const transfers = fc.array(transfer, { maxLength: 300 });
    fc.assert(
      fc.property(transfers, fc.integer({ min: 8, max: 64 }), (all, most) => {
        const rate = new RateOfTransfers();
        for (const { seconds, length, status } of all) {
          rate.add(seconds, length, status);
        }
        const { seconds, statuses, rateMean, rateMin, rateMax } = rate.toStream(most);
        expect(seconds.length).toBeLessThanOrEqual(most);
        expect(seconds.every((time, i) => i === 0 || time > (seconds[i - 1] ?? 0))).toBe(true);
        expect([...rateMean, ...rateMin, ...rateMax].every(Number.isFinite)).toBe(true);
        const counted = statuses.flatMap(({ counts }) => counts);
        expect(counted.reduce((sum, count) => sum + count, 0)).toBe(all.length);
        expect(rate.bytes).toBe(all.reduce((sum, { length }) => sum + length, 0));
        expect(statuses.some(({ status }) => status === 'other')).toBe(
          all.some(({ status }) => status === 'from-the-future'),
        );
      }),
    );
  });
});
