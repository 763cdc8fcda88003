import { describe, expect, it } from 'vitest';
import { LOOPBACK_CAPACITY } from '../../../../../src/backends/virtual/gadgets/loopback.js';
import { Host } from '../../simulation/bus/host.js';

/** Bytes without repetition. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7919) >>> 5));
}

describe('the loopback', () => {
  it('keeps the ends of messages: short and zero-length packets', async () => {
    const host = await Host.loopback('');
    for (const length of [1000, 1024, 0, 5, 0]) {
      host.submit(length, host.out);
    }
    expect(host.read(6, 4096)).toEqual([
      'completed 1000',
      'completed 1024', // ended by the zero-length packet after it
      'completed 5',
      'completed 0',
      'waiting',
      'waiting',
    ]);
    await host.close();
  });

  it('returns the bytes, also across the end of its ring buffer', async () => {
    const host = await Host.loopback('');
    for (let round = 0; round < 10; round++) {
      const sent = pattern(20_001);
      host.submit(sent.length, host.out, sent);
      const submission = host.submit(32 * 1024);
      host.clock.settle();
      expect(submission.results).toEqual(['completed 20001']);
      expect(submission.buffer.subarray(0, 20_001).equals(sent)).toBe(true);
    }
    await host.close();
  });

  it('accepts no more than its capacity until data is read', async () => {
    const host = await Host.loopback('');
    const sent = pattern(LOOPBACK_CAPACITY + 4096);
    const out = host.submit(sent.length, host.out, sent);
    host.clock.settle();
    expect(out.results).toEqual([]);
    const submission = host.submit(sent.length);
    host.clock.settle();
    expect(out.results).toEqual([`completed ${sent.length}`]);
    expect(submission.results).toEqual([`completed ${sent.length}`]);
    expect(submission.buffer.equals(sent)).toBe(true);
    await host.close();
  });

  it('accepts no more messages than its limit', async () => {
    const host = await Host.loopback('');
    for (let i = 0; i < 300; i++) {
      host.submit(0, host.out);
    }
    host.clock.settle();
    const taken = host.completed.length;
    expect(taken).toBeLessThan(300);
    expect(host.read(300, 512)).toEqual(Array(300).fill('completed 0'));
    expect(host.completed.length).toBe(600);
    await host.close();
  });

  it('reports the bytes accepted of a cancelled transfer', async () => {
    const host = await Host.loopback('');
    const out = host.submit(LOOPBACK_CAPACITY + 1024, host.out);
    host.clock.settle();
    out.transfer.cancel();
    host.clock.settle();
    expect(out.results).toEqual([`cancelled ${LOOPBACK_CAPACITY}`]);
    await host.close();
  });

  it('overflows a transfer that is shorter than a packet', async () => {
    const host = await Host.loopback('');
    host.submit(600, host.out);
    host.submit(7, host.out);
    expect(host.read(3, 100)).toEqual(['overflow 0', 'completed 88', 'completed 7']);
    await host.close();
  });

  it('discards its data when it is unplugged', async () => {
    const host = await Host.loopback('');
    host.submit(600, host.out);
    host.clock.settle();
    host.backend.unplug('1-2');
    host.backend.replug('1-2');
    await host.close();
    const [, info] = await host.backend.list();
    const device = info && (await host.backend.open(info));
    const claimed = await device?.claim(0, 0);
    const statuses: string[] = [];
    const transfer = claimed?.endpoint(0x81).createTransfer((status) => statuses.push(status));
    transfer?.submit(Buffer.alloc(512), 512);
    host.clock.settle();
    expect(statuses).toEqual([]);
    transfer?.cancel();
    host.clock.settle();
    await claimed?.release();
    await device?.close();
  });
});

describe('the OUT endpoint of the counter', () => {
  it('accepts all data', async () => {
    const host = await Host.counter('');
    for (const length of [0, 1, 512, 3_000_000]) {
      host.submit(length, host.out);
    }
    host.clock.settle();
    expect(host.submissions.flatMap(({ results }) => results)).toEqual([
      'completed 0',
      'completed 1',
      'completed 512',
      'completed 3000000',
    ]);
    await host.close();
  });
});
