import { describe, expect, it } from 'vitest';
import { LateService } from '../../../../src/engine/stats/late-service.js';
import { DataTimings } from '../../../../src/engine/stats/timings.js';

const DEPTH = 16;
const TRANSFER = 256 * 1024;

/** A pool that is full, whose every completion is followed by a submission. */
class Stream {
  now = 0;
  #sequence = 0;
  readonly #pace = new DataTimings();
  readonly late: LateService;

  constructor(wireRate = 500_000_000) {
    this.late = new LateService(this.#pace, wireRate);
    this.#pace.start(0);
    this.late.excuse(0);
  }

  /** So many transfers complete, each so many milliseconds after the one before. */
  complete(count: number, interval: number, depth = DEPTH, bytes = TRANSFER): void {
    for (let i = 0; i < count; i += 1) {
      this.now += interval;
      this.#pace.ended(bytes, false, this.now);
      const newest = this.#sequence + depth - 1;
      this.late.completed(this.#sequence, bytes, depth - 1, newest, this.now);
      this.#sequence += 1;
    }
  }

  get verdict(): [count: number, milliseconds: number] {
    return [this.late.count, Math.round(this.late.milliseconds)];
  }
}

describe('LateService', () => {
  it('says nothing of a stream that flows evenly', () => {
    const stream = new Stream();
    stream.complete(1000, 6);
    expect(stream.verdict).toEqual([0, 0]);
  });

  it('finds a pause after which all that was in flight is complete at once', () => {
    const stream = new Stream();
    stream.complete(1000, 6);
    stream.complete(1, 500);
    stream.complete(DEPTH - 1, 0.05);
    stream.complete(100, 6);
    expect(stream.late.count).toBe(1);
    // 16 transfers of 6 ms each lasted for about 96 of the 500 ms.
    expect(stream.late.milliseconds).toBeGreaterThan(380);
    expect(stream.late.milliseconds).toBeLessThan(410);
  });

  it('takes a pause that the pool lasted for as none', () => {
    const stream = new Stream();
    stream.complete(1000, 6);
    stream.complete(1, 60);
    stream.complete(9, 0.05); // what came in 60 ms
    stream.complete(100, 6);
    expect(stream.verdict).toEqual([0, 0]);
  });

  it.each([
    ['falls silent, and goes on as before', 6],
    ['sends in bursts, as fast as the wire', 0.6],
  ])('does not blame the host for a device that %s', (_, interval) => {
    const stream = new Stream();
    for (let i = 0; i < 10; i += 1) {
      stream.complete(400, interval);
      stream.complete(1, 5000);
    }
    stream.complete(100, interval);
    expect(stream.verdict).toEqual([0, 0]);
  });

  it('does not blame the host for what it is told the reason of', () => {
    const stream = new Stream();
    stream.complete(1000, 6);
    stream.now += 500;
    stream.late.excuse(stream.now);
    stream.complete(DEPTH, 0.05);
    expect(stream.verdict).toEqual([0, 0]);
  });

  it('cannot tell with a single transfer in flight, or at the very beginning', () => {
    const stream = new Stream();
    stream.complete(1000, 6, 1);
    stream.complete(1, 500, 1);
    stream.complete(10, 0.05, 1);
    expect(stream.verdict).toEqual([0, 0]);
    const young = new Stream();
    young.complete(1, 500);
    young.complete(DEPTH, 0.05);
    expect(young.verdict).toEqual([0, 0]);
  });

  it('finds it also where the usual intervals are long', () => {
    const stream = new Stream(1_500_000);
    stream.complete(100, 500);
    stream.complete(1, 20_000);
    stream.complete(DEPTH - 1, 50);
    expect(stream.late.count).toBe(1);
  });

  it.each([
    ['the speed of the bus is unknown', Number.POSITIVE_INFINITY, TRANSFER],
    ['nothing but empty packets came', 500_000_000, 0],
  ])('cannot tell where %s', (_, wireRate, bytes) => {
    const stream = new Stream(wireRate);
    stream.complete(1000, 6, DEPTH, bytes);
    stream.complete(1, 500, DEPTH, bytes);
    stream.complete(DEPTH - 1, 0.05, DEPTH, bytes);
    expect(stream.verdict).toEqual([0, 0]);
  });
});
