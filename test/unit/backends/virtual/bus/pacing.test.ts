import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../../../../src/backends/virtual/bus/rate-limiter.js';
import { SPEEDS } from '../../../../../src/backends/virtual/bus/speed.js';
import { Host } from './host.js';

describe('Pacer', () => {
  it('earns while it runs, and nothing before its first look', () => {
    const pacer = new RateLimiter(1_000_000);
    expect(pacer.allowance(50)).toBe(0);
    expect(pacer.allowance(60)).toBe(10_000);
    pacer.spend(4000);
    expect(pacer.allowance(60)).toBe(6000);
    expect(pacer.timeFor(8000)).toBe(2);
    expect(pacer.timeFor(5000)).toBe(0);
  });

  it('loses what a wire that stands could have carried', () => {
    const pacer = new RateLimiter(1_000_000);
    pacer.allowance(0);
    pacer.allowance(10);
    pacer.stop();
    expect(pacer.allowance(1000)).toBe(0);
    expect(pacer.allowance(1001)).toBe(1000);
  });
});

describe('SPEEDS', () => {
  it('carries what the specification allows', () => {
    expect(SPEEDS.full.bulkRate).toBe(1_216_000);
    expect(SPEEDS.high.bulkRate).toBe(53_248_000);
    expect(SPEEDS.super.bulkRate).toBeGreaterThan(470e6);
    expect(SPEEDS.super.bulkRate).toBeLessThan(500e6);
  });
});

describe('a paced pipe', () => {
  it('moves whole packets as time passes', async () => {
    const host = await Host.counter('rate=512kB');
    const flight = host.fly(2048);
    host.clock.settle(3);
    host.clock.pass(3);
    expect(flight.answers).toEqual([]);
    host.clock.pass(1);
    expect(flight.answers).toEqual(['completed 2048']);
    await host.close();
  });

  it('keeps of a cancelled transfer what the wire had carried by then', async () => {
    const host = await Host.counter('rate=512kB');
    const flight = host.fly(4096);
    host.clock.settle(3);
    host.clock.pass(3.9);
    flight.transfer.cancel();
    host.clock.settle(3);
    expect(flight.answers).toEqual(['cancelled 1536']);
    await host.close();
  });

  it('makes up for a late timer, but not for time without a transfer', async () => {
    const host = await Host.counter('rate=512kB');
    for (let i = 0; i < 8; i++) {
      host.fly(1024);
    }
    host.clock.settle(3);
    host.clock.pass(12);
    expect(host.landed.length).toBe(6);
    host.clock.pass(100);
    expect(host.landed.length).toBe(8);
    host.fly(1024);
    host.clock.settle(3);
    expect(host.landed.length).toBe(8);
    host.clock.pass(2);
    expect(host.landed.length).toBe(9);
    await host.close();
  });

  it('does not save up for the end of a silence', async () => {
    const host = await Host.counter('rate=512kB, silence@512=1s');
    host.fly(2048);
    host.clock.settle(3);
    host.clock.pass(1); // a packet
    host.clock.pass(1); // and time for another, which does not come
    host.clock.pass(1000);
    host.clock.pass(2.9);
    expect(host.landed.length).toBe(0);
    host.clock.pass(0.2);
    expect(host.landed.length).toBe(1);
    await host.close();
  });
});
