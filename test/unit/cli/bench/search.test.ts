import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../src/backends/virtual/scenario.js';
import {
  bottleneckOf,
  type Candidate,
  candidates,
  choose,
  inFlight,
  type Sample,
  type Setting,
  search,
  toleranceOf,
} from '../../../../src/cli/bench/search.js';

const KIB = 1024;
const ALL = candidates({ packetSize: 512, maxTransferSize: Infinity, fits: () => true });

function candidate(depth: number, transferSize: number, rest: Partial<Candidate> = {}): Candidate {
  const rates = rest.rates ?? [rest.bytesPerSecond ?? 100];
  const sample = { bytesPerSecond: 100, empty: 0, longestInterval: 0, cpu: 0, busy: 0 };
  return { depth, transferSize, ...sample, ...rest, rates };
}

/** A device and a host that pauses: what is not in flight at the start of a pause is not sent in it. */
function model(rate: number, pause: number, period: number, noise: () => number) {
  return async (setting: Setting): Promise<Sample> => {
    const idle = Math.max(0, pause - inFlight(setting) / rate);
    const bytesPerSecond = rate * (1 - idle / period) * noise();
    return { bytesPerSecond, empty: 0, longestInterval: pause, cpu: 0.1, busy: 0.1 };
  };
}

describe('candidates', () => {
  it('are whole packets that fit into the memory and are not too long', () => {
    const few = candidates({
      packetSize: 3072,
      maxTransferSize: 70 * KIB,
      fits: (setting) => inFlight(setting) <= 300 * KIB,
    });
    expect(few.map(({ depth, transferSize }) => [depth, transferSize / 3072])).toEqual([
      ...[
        [4, 6],
        [8, 6],
        [16, 6],
      ],
      [4, 22],
    ]);
  });
});

describe('search', () => {
  it.each(
    Array.from({ length: 20 }, (_, seed) => seed),
  )('covers the pause of a host with what is in flight, within one step: seed %i', async (seed) => {
    const random = createRandom(seed);
    const noise = () => 1 + (random() - 0.5) / 50;
    const { best } = await search(ALL, model(40e6, 0.03, 0.2, noise), () => false);
    const optimum = 40e6 * 0.03;
    expect(inFlight(best)).toBeGreaterThan(optimum / 2);
    expect(inFlight(best)).toBeLessThan(optimum * 2);
  });

  it('takes the least in flight if the device is the limit', async () => {
    const found = await search(
      ALL,
      model(5e6, 0, 1, () => 1),
      () => false,
    );
    expect(inFlight(found.best)).toBe(64 * KIB);
    expect(found).toMatchObject({ rounds: 3, isUncertain: false });
    expect(bottleneckOf(found, 53.248e6)).toBe('device');
  });

  it('is certain although a candidate that starves is faster', async () => {
    const settings = [candidate(4, KIB), candidate(8, KIB)];
    const measure = async ({ depth }: Setting): Promise<Sample> => ({
      ...candidate(depth, KIB),
      ...(depth === 8 ? { bytesPerSecond: 200, empty: 1 } : {}),
    });
    const found = await search(settings, measure, () => false);
    expect(found).toMatchObject({ best: { depth: 4 }, isUncertain: false, rounds: 3 });
  });

  it('alternates the order of the candidates', async () => {
    const order: number[] = [];
    const settings = [candidate(1, 1), candidate(2, 1)];
    await search(
      settings,
      async (setting) => {
        order.push(setting.depth);
        return { bytesPerSecond: 1, empty: 0, longestInterval: 0, cpu: 0, busy: 0 };
      },
      () => false,
    );
    expect(order).toEqual([1, 2, 2, 1, 1, 2]);
  });

  it('measures those that overlap again, and says that it is not certain', async () => {
    const counts = new Map<number, number>();
    const found = await search(
      [candidate(1, 1), candidate(2, 1), candidate(4, 1)],
      async ({ depth }) => {
        const count = (counts.get(depth) ?? 0) + 1;
        counts.set(depth, count);
        const slow = depth === 1 && count % 3 !== 0;
        return { bytesPerSecond: slow ? 90 : 100, empty: 0, longestInterval: 0, cpu: 0, busy: 0 };
      },
      () => false,
    );
    expect([...counts]).toEqual([
      [1, 9],
      [2, 9],
      [4, 3],
    ]);
    expect(found).toMatchObject({ rounds: 9, isUncertain: true, best: { depth: 2 } });
  });

  it('completes one round even if no time is left', async () => {
    const found = await search(
      ALL,
      model(5e6, 0, 1, () => 1),
      () => true,
    );
    expect(found).toMatchObject({ rounds: 1, isUncertain: true });
    expect(found.candidates.every(({ rates }) => rates.length === 1)).toBe(true);
  });
});

describe('toleranceOf', () => {
  it('is 2 percent if the runs agree', () => {
    const all = [candidate(1, 1, { rates: [99, 100, 101] }), candidate(2, 1)];
    expect(toleranceOf(all)).toBe(0.02);
  });

  it('is three times the scatter of the fast candidates, at most 10 percent', () => {
    const slow = candidate(1, 1, { bytesPerSecond: 50, rates: [10, 50, 90] });
    const some = (by: number) => candidate(2, 1, { rates: [100 - by, 100, 100 + by] });
    expect(toleranceOf([slow, some(2)])).toBeCloseTo(0.06);
    expect(toleranceOf([slow, some(5)])).toBe(0.1);
  });

  it('lets the least in flight win if the best one is best by chance only', () => {
    const all = [
      candidate(4, KIB, { bytesPerSecond: 95, rates: [90, 95, 99] }),
      candidate(8, KIB, { bytesPerSecond: 97, rates: [94, 97, 101] }),
      candidate(64, KIB, { bytesPerSecond: 100, rates: [95, 100, 104] }),
    ];
    expect(choose(all).depth).toBe(4);
  });
});

describe('choose', () => {
  it('accepts 2 percent less, but no empty queue', () => {
    const all = [
      candidate(1, KIB, { bytesPerSecond: 100, empty: 0.1 }),
      candidate(2, KIB, { bytesPerSecond: 97.9 }),
      candidate(4, KIB, { bytesPerSecond: 98.1 }),
      candidate(8, KIB, { bytesPerSecond: 100 }),
    ];
    expect(choose(all).depth).toBe(4);
  });

  it('prefers the faster of two with the same amount in flight', () => {
    const all = [candidate(1, 4, { bytesPerSecond: 99 }), candidate(4, 1)];
    expect(choose(all).depth).toBe(4);
  });

  it('takes what there is if every queue was empty', () => {
    expect(choose([candidate(1, 1, { empty: 1 })]).depth).toBe(1);
  });
});

describe('bottleneckOf', () => {
  const small = candidate(4, KIB, { bytesPerSecond: 50 });
  const large = candidate(8, KIB, { bytesPerSecond: 91 });

  it.each([
    ['bus', large, 100],
    ['settings', large, 50],
    ['settings', large, 102],
    ['device', small, 102],
  ])('is the %s', (limit, best, busRate) => {
    expect(bottleneckOf({ candidates: [small, large], best, tolerance: 0.02 }, busRate)).toBe(
      limit,
    );
  });

  it('is the host if each candidate that is as fast needs all of the time', () => {
    const busy = { ...large, busy: 0.9 };
    const idle = { ...small, busy: 0.1 };
    const of = (...candidates: Candidate[]) =>
      bottleneckOf({ candidates, best: busy, tolerance: 0.02 }, 1000);
    expect(of(busy, idle)).toBe('host');
    expect(of(busy, { ...idle, bytesPerSecond: 90 })).toBe('settings');
  });
});
