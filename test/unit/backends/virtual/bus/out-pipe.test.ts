import { describe, expect, it } from 'vitest';
import { Host } from './host.js';

/** What a host is told of transfers of these lengths to the counter, at high speed: packets of 512. */
async function answers(scenario: string, ...lengths: number[]): Promise<string[]> {
  const host = await Host.counter(scenario);
  try {
    return host.write(...lengths);
  } finally {
    await host.close();
  }
}

/** Bytes of which no two places look alike. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7919) >>> 5));
}

describe('faults on the way out happen at their offset', () => {
  it.each([
    ['', [0, 1, 512, 3000], ['completed 0', 'completed 1', 'completed 512', 'completed 3000']],
    ['out-stall@1k', [2048, 512, 0], ['stall 1024', 'stall 0', 'stall 0']],
    ['out-stall@2k', [2048, 512], ['completed 2048', 'stall 0']],
    ['out-stall@0', [0, 512], ['stall 0', 'stall 0']],
    ['out-stall@1000', [2048], ['stall 512']], // in front of the packet that it lies within
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
    ['stall@0, silence@0', [512], ['completed 512']], // those are of the way in
  ])('%s, transfers of %j bytes', async (scenario, lengths, expected) => {
    expect(await answers(scenario, ...lengths)).toEqual(expected);
  });

  it('leave the way in alone', async () => {
    const host = await Host.counter('out-stall@0, out-silence@0');
    host.write(512);
    expect(host.read(1, 1024)).toEqual(['completed 1024']);
    await host.close();
  });

  it('unplug a device right behind the last byte, whether another is sent or not', async () => {
    const host = await Host.counter('out-unplug@2k');
    expect(host.write(2048)).toEqual(['completed 2048']);
    expect(await host.device.isConnected()).toBe(false);
    await host.close();
  });

  it('bring the device back after a time', async () => {
    const host = await Host.counter('out-unplug@1k=2s');
    host.write(1024);
    host.clock.pass(2000);
    expect((await host.backend.list())[0]).toMatchObject({ path: '1-1', address: 4 });
    await host.close();
  });

  it('go on with the bytes that were not taken when a halt is cleared', async () => {
    const host = await Host.counter('out-stall@1536');
    expect(host.write(2048, 512)).toEqual(['stall 1536', 'stall 0']);
    expect(host.write(1)).toEqual(['stall 0']);
    await host.out.clearHalt();
    expect(host.write(512)).toEqual(['completed 512']);
    expect(host.taken().length).toBe(1536 + 512);
    await host.close();
  });

  it('tell what was taken of a transfer that is cancelled in a silence', async () => {
    const host = await Host.counter('out-silence@1536=1s');
    const [flight] = host.flyOut(2048, 512);
    host.clock.settle();
    flight?.transfer.cancel();
    host.clock.settle();
    expect(flight?.answers).toEqual(['cancelled 1536']);
    host.clock.pass(1000);
    expect(host.taken().length).toBe(1536 + 512); // what is behind it is taken after the silence
    await host.close();
  });
});

describe('what the device took', () => {
  it('is told piece by piece, with the ends of messages', async () => {
    const host = await Host.counter('');
    for (const length of [1024, 0, 5, 0, 1000]) {
      host.write(length);
    }
    expect(host.messages()).toEqual([1024, 5, 0, 1000]);
    host.write(512);
    expect(host.messages()).toEqual([1024, 5, 0, 1000]); // 512 more, of a message that goes on
    await host.close();
  });

  it('are the bytes, whatever happened on the way', async () => {
    const host = await Host.counter('out-error@3k, out-stall@9001, rate=bus');
    const sent = pattern(20_000);
    const flights = [host.fly(8192, host.out, sent.subarray(0, 8192))];
    flights.push(host.fly(8192, host.out, sent.subarray(3072, 3072 + 8192)));
    host.clock.settle(2);
    host.clock.pass(10);
    expect(flights.map(({ answers }) => answers)).toEqual([['error 3072'], ['stall 5632']]);
    expect(host.taken().equals(sent.subarray(0, 3072 + 5632))).toBe(true);
    await host.close();
  });

  it('is counted over unplugging, and nothing is told twice', async () => {
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
  it('takes anything, in packets of 64 bytes', async () => {
    const host = await Host.counter('speed=super, out-stall@0');
    await host.claimed.release();
    const claimed = await host.device.claim(0, 1);
    const endpoint = claimed.endpoint(0x04);
    expect(endpoint.maxPacketSize).toBe(64);
    const flights = [0, 1, 64, 1000].map((length) => host.fly(length, endpoint));
    host.clock.settle();
    expect(flights.flatMap(({ answers }) => answers)).toEqual([
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
