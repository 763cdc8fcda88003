import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../../../../src/backends/simulation/bus/rate-limiter.js';
import { SPEEDS } from '../../../../../src/backends/simulation/bus/speed.js';
import { Host } from './host.js';

describe('RateLimiter', () => {
  it('counts time only while it runs', () => {
    const limiter = new RateLimiter(1_000_000);
    expect(limiter.allowance(50)).toBe(0);
    expect(limiter.allowance(60)).toBe(10_000);
    limiter.spend(4000);
    expect(limiter.allowance(60)).toBe(6000);
    expect(limiter.timeFor(8000)).toBe(2);
    expect(limiter.timeFor(5000)).toBe(0);
  });

  it('discards the time of an idle bus', () => {
    const limiter = new RateLimiter(1_000_000);
    limiter.allowance(0);
    limiter.allowance(10);
    limiter.stop();
    expect(limiter.allowance(1000)).toBe(0);
    expect(limiter.allowance(1001)).toBe(1000);
  });
});

describe('SPEEDS', () => {
  it('has the bulk rates of the specification', () => {
    expect(SPEEDS.full.bulkRate).toBe(1_216_000);
    expect(SPEEDS.high.bulkRate).toBe(53_248_000);
    expect(SPEEDS.super.bulkRate).toBeGreaterThan(470e6);
    expect(SPEEDS.super.bulkRate).toBeLessThan(500e6);
  });
});

describe('a pipe with a rate limit', () => {
  it('moves whole packets as time passes', async () => {
    const host = await Host.counter('rate=512kB');
    const submission = host.submit(2048);
    host.clock.settle(3);
    host.clock.pass(3);
    expect(submission.results).toEqual([]);
    host.clock.pass(1);
    expect(submission.results).toEqual(['completed 2048']);
    await host.close();
  });

  it('keeps the bytes that a cancelled transfer had time for', async () => {
    const host = await Host.counter('rate=512kB');
    const submission = host.submit(4096);
    host.clock.settle(3);
    host.clock.pass(3.9);
    submission.transfer.cancel();
    host.clock.settle(3);
    expect(submission.results).toEqual(['cancelled 1536']);
    await host.close();
  });

  it('compensates for a late timer, but not for time without a transfer', async () => {
    const host = await Host.counter('rate=512kB');
    for (let i = 0; i < 8; i++) {
      host.submit(1024);
    }
    host.clock.settle(3);
    host.clock.pass(12);
    expect(host.completed.length).toBe(6);
    host.clock.pass(100);
    expect(host.completed.length).toBe(8);
    host.submit(1024);
    host.clock.settle(3);
    expect(host.completed.length).toBe(8);
    host.clock.pass(2);
    expect(host.completed.length).toBe(9);
    await host.close();
  });

  it('does not save its allowance during a silence', async () => {
    const host = await Host.counter('rate=512kB, silence@512=1s');
    host.submit(2048);
    host.clock.settle(3);
    host.clock.pass(1); // a packet
    host.clock.pass(1); // and time for another, which is not sent
    host.clock.pass(1000);
    host.clock.pass(2.9);
    expect(host.completed.length).toBe(0);
    host.clock.pass(0.2);
    expect(host.completed.length).toBe(1);
    await host.close();
  });
});
