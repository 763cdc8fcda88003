import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import { ReceiveStatistics, SendStatistics } from '../../../../src/engine/stats/statistics.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('the statistics of a direction', () => {
  it('has classes of sizes that end at powers of two', () => {
    const statistics = new ReceiveStatistics(1);
    for (const bytes of [0, 1, 2, 3, 4, 5, 8, 8, 2 ** 31]) {
      statistics.count('completed', 2 ** 31, bytes);
    }
    const { sizes } = statistics;
    expect([...sizes.slice(0, 6)]).toEqual([1, 1, 1, 2, 3, 0]);
    expect(sizes[32]).toBe(1);
  });

  it('counts transfers, those with data, and those in flight', () => {
    const statistics = new SendStatistics(4);
    statistics.submissions = 5;
    statistics.count('completed', 512, 512);
    statistics.count('stall', 512, 0);
    statistics.count('cancelled', 512, 1);
    expect(statistics).toMatchObject({ transfers: 3, transfersWithData: 2, bytesMoved: 513 });
    expect(statistics.statuses).toMatchObject({ completed: 1, stall: 1, cancelled: 1, error: 0 });
    expect(statistics.inFlight).toBe(2);
  });

  it('has the time from the first submission, and the rate of delivery in it', () => {
    const statistics = new ReceiveStatistics(1);
    expect([statistics.secondsAt(5000), statistics.bytesPerSecond]).toEqual([0, 0]);
    statistics.startedAt = 1000;
    statistics.endedAt = 3000;
    statistics.bytesWritten = 100;
    expect([statistics.secondsAt(1500), statistics.seconds]).toEqual([0.5, 2]);
    expect(statistics.bytesPerSecond).toBe(50);
    statistics.endedAt = 1000;
    expect(statistics.bytesPerSecond).toBe(0);
  });

  it('delivers to the output what was written, and to the device what it accepted', () => {
    const [received, sent] = [new ReceiveStatistics(1), new SendStatistics(1)];
    received.bytesWritten = 3;
    sent.bytesAccepted = 4;
    expect([received.bytesDelivered, sent.bytesDelivered]).toEqual([3, 4]);
  });

  it.each<[Outcome, object]>([
    [{ reason: 'limit' }, { stall: 0, error: 0, overflow: 0, 'device-lost': 0, 'device-reset': 0 }],
    [
      {
        reason: 'stall',
        failures: [
          { reason: 'stall', offset: 1 },
          { reason: 'error', offset: 2 },
          { reason: 'stall', offset: 3 },
        ],
      },
      { stall: 2, error: 1, overflow: 0, 'device-lost': 0, 'device-reset': 0 },
    ],
  ])('counts the failures of %j', (end, failures) => {
    const statistics = new SendStatistics(1);
    statistics.countFailures(end);
    expect(statistics.failures).toEqual(failures);
  });
});

describe('the statistics of received data', () => {
  it('counts short and empty transfers, but only of those that completed', () => {
    const statistics = new ReceiveStatistics(1);
    for (const status of ['completed', 'cancelled', 'stall'] as const) {
      for (const received of [512, 511, 0, 1, 2]) {
        statistics.count(status, 512, received);
      }
    }
    expect(statistics).toMatchObject({ shortTransfers: 3, emptyTransfers: 1, bytesSuspect: 0 });
  });

  it('counts the bytes of overflows as suspect', () => {
    const statistics = new ReceiveStatistics(1);
    statistics.count('overflow', 512, 512);
    statistics.count('overflow', 512, 0);
    statistics.count('overflow', 512, 8);
    expect(statistics).toMatchObject({ bytesSuspect: 520, shortTransfers: 0, emptyTransfers: 0 });
  });

  it('has the bytes that wait for the output, and the peak of them', () => {
    const statistics = new ReceiveStatistics(1);
    statistics.count('completed', 512, 500);
    statistics.bytesWritten = 100;
    statistics.bytesSkipped = 20;
    statistics.bytesDiscarded = 3;
    statistics.bytesUnwritten = 7;
    expect([statistics.bytesReceived, statistics.bytesBuffered]).toEqual([500, 370]);
    expect(statistics.bytesBufferedPeak).toBe(500);
    statistics.count('completed', 512, 200);
    expect(statistics.bytesBufferedPeak).toBe(570);
    statistics.bytesWritten = 600;
    statistics.count('completed', 512, 1);
    expect(statistics.bytesBufferedPeak).toBe(570);
  });

  it('records a gap with its place, its time in the stream and its time of day', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_000_000 });
    const statistics = new ReceiveStatistics(1);
    statistics.startedAt = performance.now();
    vi.advanceTimersByTime(3000);
    const at = performance.now();
    vi.advanceTimersByTime(500);
    const gap = statistics.recordGap('stall', 512, at);
    expect(gap).toMatchObject({
      cause: 'stall',
      offset: 512,
      seconds: 3,
      time: new Date(1_003_000),
    });
    expect(statistics.recordGap('error', 1024)).toMatchObject({ seconds: 3.5 });
    expect(statistics.gaps[0]).toBe(gap);
    expect([statistics.gaps.length, statistics.gapCount]).toEqual([2, 2]);
  });

  it('records the first 1000 gaps, and counts the others', () => {
    const statistics = new ReceiveStatistics(1);
    for (let offset = 0; offset < 1002; offset += 1) {
      expect(statistics.recordGap('stall', offset).offset).toBe(offset);
    }
    expect([statistics.gaps.length, statistics.gapCount]).toEqual([1000, 1002]);
    expect(statistics.gaps.at(-1)?.offset).toBe(999);
  });

  const TWO: Outcome = {
    reason: 'stall',
    failures: [
      { reason: 'stall', offset: 100 },
      { reason: 'stall', offset: 200 },
    ],
  };

  it.each([
    ['every failure if the stream continues', true, 200, [100, 200]],
    ['a failure that written bytes follow', false, 200, [100]],
    ['no failure at the end of the output', false, 100, []],
  ])('records as a gap %s', (_, continues, written, offsets) => {
    const statistics = new ReceiveStatistics(1);
    statistics.bytesWritten = written;
    const gaps = statistics.recordFailures(TWO, continues);
    expect(gaps.map(({ offset }) => offset)).toEqual(offsets);
    expect(statistics.gaps).toEqual(gaps);
    expect(statistics.failures.stall).toBe(2);
  });

  it('takes the time of its gaps from the end of the run', () => {
    const statistics = new ReceiveStatistics(1);
    statistics.startedAt = 1000;
    expect(statistics.recordFailures({ ...TWO, at: 5000 }, true)[0]?.seconds).toBe(4);
  });
});

describe('a disconnect after an error at the same place', () => {
  /** The statistics after a run that failed at 100, and then another run. */
  function runs(first: 'error' | 'stall', reason: 'device-lost' | 'error', offset: number) {
    const statistics = new ReceiveStatistics(1);
    statistics.recordFailures({ reason: first, failures: [{ reason: first, offset: 100 }] }, true);
    statistics.recordFailures({ reason, failures: [{ reason, offset }] }, true);
    const gaps = statistics.gaps.map(({ cause }) => cause);
    return { gaps, count: statistics.gapCount, failures: statistics.failures };
  }

  it('is one gap, and one failure', () => {
    expect(runs('error', 'device-lost', 100)).toEqual({
      gaps: ['device-lost'],
      count: 1,
      failures: { stall: 0, error: 0, overflow: 0, 'device-lost': 1, 'device-reset': 0 },
    });
  });

  it.each([
    ['the error is at another place', 'error', 'device-lost', 101],
    ['the first failure was no error', 'stall', 'device-lost', 100],
    ['the device is not lost', 'error', 'error', 100],
  ] as const)('is two if %s', (_, first, second, offset) => {
    expect(runs(first, second, offset)).toMatchObject({ gaps: [first, second], count: 2 });
  });

  it('stays two if the error was only counted, not recorded', () => {
    const statistics = new ReceiveStatistics(1);
    const errors = Array.from({ length: 1001 }, (_, i) => ({
      reason: 'error' as const,
      offset: Math.min(i, 999), // the last two at one place
    }));
    statistics.recordFailures({ reason: 'error', failures: errors }, true);
    const lost = [{ reason: 'device-lost' as const, offset: 999 }];
    statistics.recordFailures({ reason: 'device-lost', failures: lost }, true);
    expect([statistics.gaps.length, statistics.gapCount]).toEqual([1000, 1002]);
    expect(statistics.failures.error).toBe(1001);
  });

  it('forgets nothing when a run without failures follows', () => {
    const statistics = new ReceiveStatistics(1);
    const failures = [{ reason: 'error' as const, offset: 100 }];
    statistics.recordFailures({ reason: 'error', failures }, true);
    statistics.recordFailures({ reason: 'device-lost' }, false);
    expect(statistics.gapCount).toBe(1);
  });
});

describe('the statistics of sent data', () => {
  it('has the bytes read that the device has not accepted', () => {
    const statistics = new SendStatistics(1);
    statistics.bytesRead = 5000;
    statistics.bytesAccepted = 3000;
    statistics.count('completed', 3584, 3500);
    expect([statistics.bytesBuffered, statistics.bytesUnsent]).toEqual([1500, 2000]);
  });
});
