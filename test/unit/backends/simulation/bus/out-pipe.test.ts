import { describe, expect, it } from 'vitest';
import { Host } from './host.js';

/** Writes transfers of these lengths to the counter at high speed, in packets of 512 bytes. */
async function resultsOf(scenario: string, ...lengths: number[]): Promise<string[]> {
  const host = await Host.counter(scenario);
  try {
    return host.write(...lengths);
  } finally {
    await host.close();
  }
}

/** Bytes without repetition. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7919) >>> 5));
}

describe('OUT faults happen at their offset', () => {
  it.each([
    ['', [0, 1, 512, 3000], ['completed 0', 'completed 1', 'completed 512', 'completed 3000']],
    ['out-stall@1k', [2048, 512, 0], ['stall 1024', 'stall 0', 'stall 0']],
    ['out-stall@2k', [2048, 512], ['completed 2048', 'stall 0']],
    ['out-stall@0', [0, 512], ['stall 0', 'stall 0']],
    ['out-stall@1000', [2048], ['stall 512']], // before the packet that contains it
    ['out-stall@1000', [1000, 1], ['completed 1000', 'stall 0']],
    ['out-stall@1000', [999, 2], ['completed 999', 'stall 0']],
    ['out-stall@1000', [999, 0, 1, 0], ['completed 999', 'completed 0', 'completed 1', 'stall 0']],
    ['out-error@1k', [2048, 512], ['error 1024', 'completed 512']],
    ['out-error@0, out-error@0', [5, 5, 5], ['error 0', 'error 0', 'completed 5']],
    ['out-silence@1k', [2048, 512], ['waiting', 'waiting']],
    ['out-silence@1000', [1000, 1], ['completed 1000', 'waiting']],
    ['out-unplug@2k', [2048, 512, 512], ['completed 2048', 'error 0', 'no-device 0']],
    ['out-unplug@1k', [2048, 512], ['error 1024', 'no-device 0']],
    ['out-unplug@1000', [2048, 512], ['error 512', 'no-device 0']],
    ['stall@0, silence@0', [512], ['completed 512']], // these are IN faults
  ])('%s, transfers of %j bytes', async (scenario, lengths, expected) => {
    expect(await resultsOf(scenario, ...lengths)).toEqual(expected);
  });

  it('do not affect IN transfers', async () => {
    const host = await Host.counter('out-stall@0, out-silence@0');
    host.write(512);
    expect(host.read(1, 1024)).toEqual(['completed 1024']);
    await host.close();
  });

  it('unplug a device directly after the last byte, without another transfer', async () => {
    const host = await Host.counter('out-unplug@2k');
    expect(host.write(2048)).toEqual(['completed 2048']);
    expect(await host.device.loss()).toBe('disconnected');
    await host.close();
  });

  it('replug the device after their time', async () => {
    const host = await Host.counter('out-unplug@1k=2s');
    host.write(1024);
    host.clock.pass(2000);
    expect((await host.backend.list())[0]).toMatchObject({ path: '1-1', address: 4 });
    await host.close();
  });

  it('let the device accept further bytes after the halt is cleared', async () => {
    const host = await Host.counter('out-stall@1536');
    expect(host.write(2048, 512)).toEqual(['stall 1536', 'stall 0']);
    expect(host.write(1)).toEqual(['stall 0']);
    await host.out.clearHalt();
    expect(host.write(512)).toEqual(['completed 512']);
    expect(host.taken().length).toBe(1536 + 512);
    await host.close();
  });

  it('count the accepted bytes of a transfer cancelled during a silence', async () => {
    const host = await Host.counter('out-silence@1536=1s');
    const [submission] = host.submitOut(2048, 512);
    host.clock.settle();
    submission?.transfer.cancel();
    host.clock.settle();
    expect(submission?.results).toEqual(['cancelled 1536']);
    host.clock.pass(1000);
    expect(host.taken().length).toBe(1536 + 512); // the next transfer is accepted after the silence
    await host.close();
  });
});

describe('the data that the device accepted', () => {
  it('is reported in pieces, with the ends of messages', async () => {
    const host = await Host.counter('');
    for (const length of [1024, 0, 5, 0, 1000]) {
      host.write(length);
    }
    expect(host.messages()).toEqual([1024, 5, 0, 1000]);
    host.write(512);
    expect(host.messages()).toEqual([1024, 5, 0, 1000]); // 512 more bytes, of a message that has not ended
    await host.close();
  });

  it('equals the bytes sent, also after errors and stalls', async () => {
    const host = await Host.counter('out-error@3k, out-stall@9001, rate=bus');
    const sent = pattern(20_000);
    const submissions = [host.submit(8192, host.out, sent.subarray(0, 8192))];
    submissions.push(host.submit(8192, host.out, sent.subarray(3072, 3072 + 8192)));
    host.clock.settle(2);
    host.clock.pass(10);
    expect(submissions.map(({ results }) => results)).toEqual([['error 3072'], ['stall 5632']]);
    expect(host.taken().equals(sent.subarray(0, 3072 + 5632))).toBe(true);
    await host.close();
  });

  it('is counted across unplugging, and never reported twice', async () => {
    const host = await Host.counter('out-unplug@1k=1s, out-stall@2k');
    host.write(1024);
    await host.claimed.release().catch(() => {});
    host.clock.pass(1000);
    const again = await host.again();
    expect(again.write(2048)).toEqual(['stall 1024']);
    expect(host.taken().length).toBe(2048);
    await again.close();
    await host.close();
  });
});

describe('the interrupt endpoint', () => {
  it('accepts all data, in packets of 64 bytes', async () => {
    const host = await Host.counter('speed=super, out-stall@0');
    await host.claimed.release();
    const claimed = await host.device.claim(0, 1);
    const endpoint = claimed.endpoint(0x04);
    expect(endpoint.maxPacketSize).toBe(64);
    const submissions = [0, 1, 64, 1000].map((length) => host.submit(length, endpoint));
    host.clock.settle();
    expect(submissions.flatMap(({ results }) => results)).toEqual([
      'completed 0',
      'completed 1',
      'completed 64',
      'completed 1000',
    ]);
    expect(host.taken().length).toBe(0);
    await claimed.release();
    await host.close();
  });
});
