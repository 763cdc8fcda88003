import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { VirtualBackend } from '../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../src/backends/virtual/scenario.js';
import { open } from '../../../src/index.js';
import type { WriteData } from '../../../src/library/sources.js';
import { counterBytes } from '../../support/counter-stream.js';

const LOOPBACK = { vid: 0x1234, pid: 0x5679 };

/** Opens the counter; what it accepts is added to `accepted`. */
async function openCounter(scenario = '', accepted: Buffer[] = []) {
  const onOut = (bytes: Buffer) => {
    accepted.push(Buffer.from(bytes));
  };
  const backend = new VirtualBackend({ scenario: parseScenario(scenario), onOut });
  return open({ vid: 0x1234, pid: 0x5678, backend });
}

describe('write', () => {
  it.each<[string, () => WriteData]>([
    ['bytes', () => counterBytes(0, 1000)],
    ['an array', () => [counterBytes(0, 600), new Uint8Array(0), counterBytes(600, 400)]],
    ['an async iterable', () => Readable.from([counterBytes(0, 1), counterBytes(1, 999)])],
  ])('sends %s', async (_, data) => {
    const accepted: Buffer[] = [];
    await using device = await openCounter('', accepted);
    const statistics = await device.write(0x02, data());
    expect(Buffer.concat(accepted).equals(counterBytes(0, 1000))).toBe(true);
    expect(statistics).toMatchObject({ bytesRead: 1000, bytesAccepted: 1000, bytesAfterGap: 0 });
    expect(statistics.transfersInFlight).toBe(0);
  });

  it('sends a zero-length packet if asked to', async () => {
    await using device = await openCounter();
    const { zeroLengthPackets } = await device.write(0x02, Buffer.alloc(512), { zlp: 'auto' });
    expect(zeroLengthPackets).toBe(1);
  });

  it('fails with the number of bytes that the device accepted', async () => {
    await using device = await openCounter('out-stall@1024');
    await expect(device.write(0x02, Buffer.alloc(5000))).rejects.toMatchObject({
      code: 'stall',
      bytes: 1024,
    });
    expect((await device.write(0x02, Buffer.alloc(10))).bytesAccepted).toBe(10); // the halt was cleared
  });

  it('fails with the error of the data, and lets an iterable clean up', async () => {
    await using device = await openCounter('out-silence@512');
    const cause = new Error('no more');
    let isCleanedUp = false;
    async function* data() {
      yield Buffer.alloc(10);
      throw cause;
    }
    async function* endless() {
      try {
        for (;;) {
          yield Buffer.alloc(10);
        }
      } finally {
        isCleanedUp = true;
      }
    }
    await expect(device.write(0x02, data())).rejects.toMatchObject({ code: 'input-failed', cause });
    await expect(device.write(0x02, endless(), { idleTimeout: 20 })).rejects.toMatchObject({
      code: 'idle',
    });
    await sleep(1);
    expect(isCleanedUp).toBe(true);
    const text: unknown = ['text'];
    await expect(device.write(0x02, text as WriteData)).rejects.toMatchObject({
      code: 'input-failed',
    });
    await expect(device.write(0x02, 5 as unknown as WriteData)).rejects.toThrow(TypeError);
  });

  it('is cancelled by a signal, even while the data is awaited', async () => {
    await using device = await openCounter();
    const abort = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 10);
    async function* never() {
      yield Buffer.alloc(10);
      await new Promise(() => {});
    }
    await expect(device.write(0x02, never(), { signal: abort.signal })).rejects.toBe(reason);
  });
});

describe('a writable', () => {
  it('finishes when the device has accepted everything', async () => {
    const accepted: Buffer[] = [];
    await using device = await openCounter('rate=1M', accepted);
    const writable = device.writable(0x02);
    await pipeline(Readable.from([counterBytes(0, 5000), counterBytes(5000, 7)]), writable);
    expect(Buffer.concat(accepted).equals(counterBytes(0, 5007))).toBe(true);
    expect(writable.statistics.bytesAccepted).toBe(5007);
  });

  it('sends a write at once', async () => {
    const accepted: Buffer[] = [];
    await using device = await openCounter('', accepted);
    const writable = device.writable(0x02);
    writable.write('hello');
    while (accepted.length === 0) {
      await sleep(1);
    }
    expect(Buffer.concat(accepted).toString()).toBe('hello');
    writable.end();
    await once(writable, 'close');
  });

  it('slows its producer down', async () => {
    await using device = await openCounter('out-silence@0');
    const writable = device.writable(0x02, { readAhead: 1024, transfers: 1, transferSize: 512 });
    let written = 0;
    const fill = () => {
      while (written < 1e7 && writable.write(Buffer.alloc(1024))) {
        written += 1024;
      }
    };
    writable.on('drain', fill);
    fill();
    await sleep(50);
    expect(written).toBeLessThan(4e6);
    writable.on('error', () => {});
    writable.destroy();
    await once(writable, 'close');
  });

  it('fails when the device is lost, also between two writes', async () => {
    const device = await openCounter('out-unplug@512');
    const writable = device.writable(0x02);
    writable.write(Buffer.alloc(512));
    const [error] = await once(writable, 'error').catch((thrown: unknown) => [thrown]);
    expect(error).toMatchObject({ code: 'device-lost', bytes: 512 });
    await device.close();
  });

  it('that was not written opens nothing', async () => {
    await using device = await openCounter();
    const unused = device.writable(0x02);
    unused.destroy();
    await once(unused, 'close');
    await device.write(0x02, Buffer.alloc(1));
  });
});

describe('a duplex', () => {
  it('sends and receives, and ends after the last reply', async () => {
    await using device = await open({ ...LOOPBACK, backend: new VirtualBackend() });
    const duplex = device.duplex({ in: 0x81, out: 0x01, linger: 30 });
    const data = counterBytes(0, 300_000);
    const [received] = await Promise.all([
      buffer(duplex),
      pipeline(Readable.from([data.subarray(0, 100_000), data.subarray(100_000)]), duplex, {
        end: true,
      }).catch(() => {}),
    ]);
    expect(received.equals(data)).toBe(true);
    const { statistics, outcome } = duplex;
    expect(outcome?.reason).toBe('input-ended');
    expect([statistics.in.bytesDelivered, statistics.out.bytesAccepted]).toEqual([
      300_000, 300_000,
    ]);
  });

  it('answers a request while it is open', async () => {
    await using device = await open({ ...LOOPBACK, backend: new VirtualBackend() });
    const duplex = device.duplex({ in: 0x81, out: 0x01 });
    duplex.write('ping');
    const [reply] = await once(duplex, 'data');
    expect(reply.toString()).toBe('ping');
    duplex.destroy();
    await once(duplex, 'close');
    await device.write(0x01, Buffer.alloc(1)); // both endpoints are free again
  });

  it('fails when the device is lost', async () => {
    const backend = new VirtualBackend();
    const device = await open({ ...LOOPBACK, backend });
    const duplex = device.duplex({ in: 0x81, out: 0x01 });
    duplex.write('ping');
    setTimeout(() => backend.unplug('1-2'), 5);
    const [error] = await once(duplex.resume(), 'error').catch((thrown: unknown) => [thrown]);
    expect(error).toMatchObject({ code: 'device-lost' });
    await device.close();
  });

  it('ends when the device is closed', async () => {
    const device = await open({ ...LOOPBACK, backend: new VirtualBackend() });
    const duplex = device.duplex({ in: 0x81, out: 0x01 });
    duplex.on('error', () => {}).write('ping');
    await device.close();
    await sleep(1);
    expect([duplex.destroyed, duplex.errored]).toMatchObject([true, { code: 'invalid' }]);
  });
});
