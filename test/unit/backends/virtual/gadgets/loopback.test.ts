import { describe, expect, it } from 'vitest';
import { LOOPBACK_CAPACITY } from '../../../../../src/backends/virtual/gadgets/loopback.js';
import { Host } from '../bus/host.js';

/** Bytes of which no two places look alike. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7919) >>> 5));
}

describe('the loopback', () => {
  it('keeps the ends of messages: short packets and empty ones', async () => {
    const host = await Host.loopback('');
    for (const length of [1000, 1024, 0, 5, 0]) {
      host.fly(length, host.out);
    }
    expect(host.read(6, 4096)).toEqual([
      'completed 1000',
      'completed 1024', // the empty packet behind it is its end
      'completed 5',
      'completed 0',
      'waiting',
      'waiting',
    ]);
    await host.close();
  });

  it('returns the bytes, also round the end of its memory', async () => {
    const host = await Host.loopback('');
    for (let round = 0; round < 10; round++) {
      const sent = pattern(20_001);
      host.fly(sent.length, host.out, sent);
      const flight = host.fly(32 * 1024);
      host.clock.settle();
      expect(flight.answers).toEqual(['completed 20001']);
      expect(flight.buffer.subarray(0, 20_001).equals(sent)).toBe(true);
    }
    await host.close();
  });

  it('takes no more than it holds until some is read', async () => {
    const host = await Host.loopback('');
    const sent = pattern(LOOPBACK_CAPACITY + 4096);
    const out = host.fly(sent.length, host.out, sent);
    host.clock.settle();
    expect(out.answers).toEqual([]);
    const flight = host.fly(sent.length);
    host.clock.settle();
    expect(out.answers).toEqual([`completed ${sent.length}`]);
    expect(flight.answers).toEqual([`completed ${sent.length}`]);
    expect(flight.buffer.equals(sent)).toBe(true);
    await host.close();
  });

  it('takes no more messages than it can remember', async () => {
    const host = await Host.loopback('');
    for (let i = 0; i < 300; i++) {
      host.fly(0, host.out);
    }
    host.clock.settle();
    const taken = host.landed.length;
    expect(taken).toBeLessThan(300);
    expect(host.read(300, 512)).toEqual(Array(300).fill('completed 0'));
    expect(host.landed.length).toBe(600);
    await host.close();
  });

  it('tells what went out of a cancelled transfer', async () => {
    const host = await Host.loopback('');
    const out = host.fly(LOOPBACK_CAPACITY + 1024, host.out);
    host.clock.settle();
    out.transfer.cancel();
    host.clock.settle();
    expect(out.answers).toEqual([`cancelled ${LOOPBACK_CAPACITY}`]);
    await host.close();
  });

  it('overflows a transfer that is too small for a packet', async () => {
    const host = await Host.loopback('');
    host.fly(600, host.out);
    host.fly(7, host.out);
    expect(host.read(3, 100)).toEqual(['overflow 0', 'completed 88', 'completed 7']);
    await host.close();
  });

  it('forgets everything when it is unplugged', async () => {
    const host = await Host.loopback('');
    host.fly(600, host.out);
    host.clock.settle();
    host.backend.unplug('1-2');
    host.backend.replug('1-2');
    await host.close();
    const [, info] = await host.backend.list();
    const device = info && (await host.backend.open(info));
    const claimed = await device?.claim(0, 0);
    const told: string[] = [];
    const transfer = claimed?.endpoint(0x81).createTransfer((status) => told.push(status));
    transfer?.submit(Buffer.alloc(512), 512);
    host.clock.settle();
    expect(told).toEqual([]);
    transfer?.cancel();
    host.clock.settle();
    await claimed?.release();
    await device?.close();
  });
});

describe('the sink', () => {
  it('takes everything', async () => {
    const host = await Host.counter('');
    for (const length of [0, 1, 512, 3_000_000]) {
      host.fly(length, host.out);
    }
    host.clock.settle();
    expect(host.flights.flatMap(({ answers }) => answers)).toEqual([
      'completed 0',
      'completed 1',
      'completed 512',
      'completed 3000000',
    ]);
    await host.close();
  });
});
