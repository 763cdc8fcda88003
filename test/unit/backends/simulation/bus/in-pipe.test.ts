import { describe, expect, it } from 'vitest';
import { assertCounter } from '../../../../contract/expect.js';
import { Host } from './host.js';

/** Reads with `count` transfers of `length` bytes at high speed, in packets of 512 bytes. */
async function resultsOf(scenario: string, count: number, length: number): Promise<string[]> {
  const host = await Host.counter(scenario);
  try {
    return host.read(count, length);
  } finally {
    await host.close();
  }
}

describe('faults happen at their offset', () => {
  it.each([
    ['short@1024', 2048, ['completed 1024', 'completed 2048']],
    ['short@1024', 1024, ['completed 1024', 'completed 0', 'completed 1024']],
    ['short@1000', 2048, ['completed 1000', 'completed 2048']],
    ['short@0', 2048, ['completed 0', 'completed 2048']],
    ['short@1000, short@1001', 2048, ['completed 1000', 'completed 1', 'completed 2048']],
    ['zlp@1024', 2048, ['completed 1024', 'completed 2048']],
    ['zlp@1000', 2048, ['completed 1000', 'completed 0', 'completed 2048']],
    ['zlp@0, zlp@0', 512, ['completed 0', 'completed 0', 'completed 512']],
    ['stall@1024', 2048, ['stall 1024', 'stall 0', 'stall 0']],
    ['stall@1000', 2048, ['completed 1000', 'stall 0', 'stall 0']],
    ['stall@2048', 2048, ['completed 2048', 'stall 0', 'stall 0']],
    ['error@1024', 2048, ['error 1024', 'completed 2048']],
    ['error@1000', 2048, ['completed 1000', 'error 0', 'completed 2048']],
    ['error@0, error@0', 512, ['error 0', 'error 0', 'completed 512']],
    ['babble@1024', 2048, ['overflow 1024', 'completed 2048']],
    ['babble@1000', 2048, ['completed 1000', 'overflow 0', 'completed 2048']],
    ['silence@1024', 2048, ['waiting', 'waiting']],
    ['silence@1000', 2048, ['completed 1000', 'waiting']],
    ['unplug@2048', 2048, ['completed 2048', 'error 0', 'error 0', 'no-device 0']],
    ['unplug@1024', 2048, ['error 1024', 'error 0', 'no-device 0']],
    ['unplug@0', 2048, ['error 0', 'error 0', 'no-device 0', 'no-device 0']],
    ['silence@512, unplug@512', 512, ['completed 512', 'waiting']],
  ])('%s, %i bytes a transfer', async (scenario, length, expected) => {
    expect(await resultsOf(scenario, expected.length, length)).toEqual(expected);
  });

  it('unplug a device directly after the last byte, without another transfer', async () => {
    const host = await Host.counter('unplug@2k');
    expect(host.read(1, 2048)).toEqual(['completed 2048']);
    expect(await host.device.loss()).toBe('disconnected');
    await host.close();
  });

  it('leave no gap in the stream, except babble', async () => {
    const host = await Host.counter(
      'short@1000, zlp@2000, error@3001, silence@4097=1s, unplug@9000=1s',
    );
    host.read(20, 1024);
    host.clock.pass(1000);
    expect(host.bytes().length).toBe(9000);
    assertCounter(host.bytes(), 0);
    await host.close();
  });

  it('lose the next packet on babble', async () => {
    const host = await Host.counter('babble@1k');
    host.read(2, 2048);
    assertCounter(host.bytes().subarray(0, 1024), 0);
    assertCounter(host.bytes().subarray(1024), 1024 + 512);
    await host.close();
  });
});

describe('messages', () => {
  it.each([
    ['message=1000', 4096, ['completed 1000', 'completed 1000', 'completed 1000']],
    ['message=1024', 4096, ['completed 1024', 'completed 1024']],
    ['message=1024', 1024, ['completed 1024', 'completed 0', 'completed 1024', 'completed 0']],
    ['message=2500', 1024, ['completed 1024', 'completed 1024', 'completed 452', 'completed 1024']],
    ['message=0', 1024, ['completed 0', 'completed 0']],
    ['message=0, stall@0', 1024, ['stall 0', 'stall 0']],
    ['message=1000, short@1000', 4096, ['completed 1000', 'completed 1000']],
    ['message=1000, short@500', 4096, ['completed 500', 'completed 1000']],
    ['message=1000, zlp@1000', 4096, ['completed 1000', 'completed 0', 'completed 1000']],
    ['message=1024, stall@1024', 4096, ['completed 1024', 'stall 0']],
    ['message=1k, error@512', 4096, ['error 512', 'completed 512', 'completed 1024']],
  ])('%s, %i bytes a transfer', async (scenario, length, expected) => {
    expect(await resultsOf(scenario, expected.length, length)).toEqual(expected);
  });

  it('and packets have the header of the scenario, which is not part of the stream', async () => {
    const host = await Host.counter(
      'packet-header=3, message=1018, short@1500, zlp@1600, babble@2000',
    );
    expect(host.read(5, 1024)).toEqual([
      'completed 1024',
      'completed 3',
      'completed 485',
      'completed 103',
      'completed 0',
    ]);
    expect(host.bytes().subarray(0, 3)).toEqual(Buffer.from([1, 0x60, 0]));
    expect([...host.bytes().subarray(512, 519)]).toEqual([1, 0x60, 0, 0, 0, 0, 128]);
    expect(host.read(2, 1024)).toEqual(['completed 403', 'overflow 0']);
    await host.close();
  });

  it('have sizes that depend on the seed only', async () => {
    const [one, same, other] = await Promise.all(
      ['seed=1', 'seed=1', 'seed=2'].map((seed) => resultsOf(`message=1..5k, ${seed}`, 50, 8192)),
    );
    expect(one).toEqual(same);
    expect(one).not.toEqual(other);
    const sizes = (one ?? []).map((result) => Number(result.split(' ')[1]));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(5120);
    expect(new Set(sizes).size).toBeGreaterThan(20);
  });
});

describe('a transfer that is not a multiple of the packet size', () => {
  it.each([
    ['', 1000, ['overflow 512', 'overflow 512']],
    ['', 100, ['overflow 0']],
    ['', 0, ['overflow 0']],
    ['message=1000', 1000, ['completed 1000', 'completed 1000']],
    ['message=100', 100, ['completed 100', 'completed 100']],
    ['message=0', 0, ['completed 0']],
  ])('%j, %i bytes', async (scenario, length, expected) => {
    expect(await resultsOf(scenario, expected.length, length)).toEqual(expected);
  });
});

describe('a halted endpoint', () => {
  it('stalls until the halt is cleared, then resumes where it stopped', async () => {
    const host = await Host.counter('stall@1024');
    host.read(2, 1024);
    const other = await host.device.claim(0, 0).catch((error) => error.code);
    expect(other).toBe('busy');
    expect(host.read(2, 1024)).toEqual(['stall 0', 'stall 0']);
    await host.in.clearHalt();
    expect(host.read(1, 1024)).toEqual(['completed 1024']);
    assertCounter(host.bytes(), 0);
    await host.close();
  });

  it('is not cleared while transfers are in submission', async () => {
    const host = await Host.counter('silence@0');
    host.read(1, 1024);
    await expect(host.in.clearHalt()).rejects.toMatchObject({ code: 'invalid' });
    await host.close();
  });
});

describe('cancelling', () => {
  it('is completions in the order of the cancels, with what had come', async () => {
    const host = await Host.counter('silence@512');
    host.read(4, 1024);
    for (const index of [2, 0, 3, 1]) {
      host.submissions[index]?.transfer.cancel();
    }
    host.clock.settle();
    expect(host.completed.map((submission) => host.submissions.indexOf(submission))).toEqual([
      2, 0, 3, 1,
    ]);
    expect(host.completed.flatMap(({ results }) => results)).toEqual([
      'cancelled 0',
      'cancelled 512',
      'cancelled 0',
      'cancelled 0',
    ]);
    await host.close();
  });

  it('keeps the whole buffer if it comes between the last byte and the completion', async () => {
    const host = await Host.counter('');
    const second: (() => void)[] = [];
    const first = host.in.createTransfer(() => second[0]?.());
    first.submit(Buffer.alloc(1024), 1024);
    const { transfer, results } = host.submit(1024);
    second.push(() => transfer.cancel());
    host.clock.settle();
    expect(results).toEqual(['cancelled 1024']);
    await host.close();
  });

  it('lets the next transfer in the queue continue the stream', async () => {
    const host = await Host.counter('silence@1536=1s');
    host.read(3, 1024);
    host.submissions[1]?.transfer.cancel();
    host.clock.pass(1000);
    expect(host.submissions.flatMap(({ results }) => results)).toEqual([
      'completed 1024',
      'cancelled 512',
      'completed 1024',
    ]);
    assertCounter(host.bytes(), 0);
    await host.close();
  });
});

describe('a turn of the bus', () => {
  it('is bounded, so that the event loop is not blocked', async () => {
    const host = await Host.counter('');
    for (let i = 0; i < 8; i++) {
      host.submit(1 << 20);
    }
    host.clock.settle(1);
    expect(host.completed.length).toBeLessThan(2);
    host.clock.settle();
    expect(host.completed.length).toBe(8);
    await host.close();
  });

  it('is bounded for empty transfers, too', async () => {
    const host = await Host.counter('message=0');
    const buffer = Buffer.alloc(512);
    let completions = 0;
    let flooding = true;
    const transfer = host.in.createTransfer(() => {
      completions++;
      if (flooding) {
        transfer.submit(buffer, buffer.length);
      }
    });
    transfer.submit(buffer, buffer.length);
    host.clock.settle(1);
    expect(completions).toBeGreaterThan(0);
    expect(completions).toBeLessThan(5000);
    flooding = false;
    host.clock.settle();
    await host.close();
  });

  it('continues after a completion callback that throws', async () => {
    const host = await Host.counter('');
    host.in
      .createTransfer(() => {
        throw new Error('on purpose');
      })
      .submit(Buffer.alloc(512), 512);
    const submission = host.submit(512);
    expect(() => host.clock.settle(1)).toThrow('on purpose');
    host.clock.settle();
    expect(submission.results).toEqual(['completed 512']);
    await host.close();
  });
});
