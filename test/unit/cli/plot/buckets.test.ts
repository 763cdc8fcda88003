import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Buckets, type Sample } from '../../../../src/cli/plot/buckets.js';

const STATUSES = ['completed', 'error'];

/** Durations are sixteenths, so that sums are exact in any order. */
const step = fc.record({
  pause: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
  duration: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 1000 }).map((n) => n / 16),
  ),
  bytes: fc.nat(1e9),
  hasRate: fc.boolean(),
  buffered: fc.nat(1e6),
  starved: fc.nat(100),
  statuses: fc.tuple(fc.nat(100), fc.nat(100)),
});

const samples = fc.array(step, { minLength: 1, maxLength: 200 }).map((steps) => {
  let seconds = 0;
  return steps.map(({ pause, hasRate, ...rest }): Sample => {
    seconds += pause;
    return { ...rest, seconds, hasRate: hasRate && rest.duration > 0 };
  });
});

const limit = fc.integer({ min: 1, max: 40 });

/** Puts samples into buckets. @param most buckets */
function streamOf(given: readonly Sample[], most: number, atEnd = most) {
  const buckets = new Buckets('in', STATUSES, most);
  for (const sample of given) {
    buckets.add(sample);
  }
  return buckets.toStream(atEnd);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('buckets', () => {
  it('keep sums and the most bytes, and are never too many', () => {
    fc.assert(
      fc.property(samples, limit, (given, most) => {
        const stream = streamOf(given, most);
        const { seconds, rateMean, rateMin, rateMax, buffered, starved, statuses } = stream;
        expect(seconds.length).toBeLessThanOrEqual(most);
        for (const column of [rateMean, rateMin, rateMax, buffered, starved]) {
          expect(column.length).toBe(seconds.length);
        }
        expect(seconds.every((time, i) => i === 0 || time > (seconds[i - 1] ?? 0))).toBe(true);
        expect(Math.max(...buffered)).toBe(Math.max(...given.map((one) => one.buffered ?? 0)));
        for (const [place, status] of STATUSES.entries()) {
          const found = statuses.find((one) => one.status === status)?.counts ?? [];
          expect(sum(found)).toBe(sum(given.map((one) => one.statuses[place] ?? 0)));
        }
      }),
    );
  });

  it('keep the smallest and the largest rate', () => {
    fc.assert(
      fc.property(samples, limit, (all, most) => {
        const given = all.filter(({ hasRate }) => hasRate);
        fc.pre(given.length > 0);
        const { rateMean, rateMin, rateMax } = streamOf(given, most);
        const rates = given.map(({ bytes, duration }) => bytes / duration);
        expect(Math.min(...rateMin)).toBe(Math.min(...rates));
        expect(Math.max(...rateMax)).toBe(Math.max(...rates));
        for (const [i, mean] of rateMean.entries()) {
          expect(mean).toBeGreaterThanOrEqual((rateMin[i] ?? 0) * (1 - 1e-9));
          expect(mean).toBeLessThanOrEqual((rateMax[i] ?? 0) * (1 + 1e-9));
        }
      }),
    );
  });

  it('keep the bytes: the mean of one bucket is that of all samples', () => {
    fc.assert(
      fc.property(samples, (given) => {
        const { rateMean, starved } = streamOf(given, 10, 1);
        const duration = sum(given.map((one) => one.duration));
        const bytes = sum(given.map((one) => one.bytes));
        const time = sum(given.map((one) => one.starved ?? 0));
        expect(rateMean).toEqual([duration > 0 ? bytes / duration : 0]);
        expect(starved).toEqual([duration > 0 ? Math.min(1, time / duration) : 0]);
      }),
    );
  });

  it('have no own rate for a sample that is too short for one', () => {
    const sample = {
      ...{ seconds: 1, duration: 1, bytes: 100, hasRate: true },
      ...{ buffered: 0, starved: 0, statuses: [] },
    };
    const rest = { ...sample, duration: 0.001, bytes: 50, hasRate: false };
    const { rateMean, rateMin, rateMax } = streamOf([sample, rest], 10);
    expect([rateMin, rateMax]).toEqual([[100], [100]]);
    expect(rateMean[0]).toBeCloseTo(150 / 1.001);
  });

  it('leave out statuses that never occur', () => {
    const sample = { seconds: 1, duration: 1, bytes: 1, hasRate: true, buffered: 0, starved: 0 };
    expect(streamOf([{ ...sample, statuses: [0, 3] }], 10)).toMatchObject({
      statuses: [{ status: 'error', counts: [3] }],
    });
  });
});
