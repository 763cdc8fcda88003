import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../src/backends/virtual/scenario.js';
import { open } from '../../../src/index.js';
import type { BorrowedChunk } from '../../../src/library/borrowed-chunk.js';
import type { ReadStream } from '../../../src/library/read-stream.js';
import { counterBytes } from '../../support/counter-stream.js';

const KIB = 1024;
const MIB = 1024 * KIB;

function openCounter(scenario = '', backend = virtual(scenario)) {
  return open({ vid: 0x1234, pid: 0x5678, backend });
}

function virtual(scenario: string): VirtualBackend {
  return new VirtualBackend({ scenario: parseScenario(scenario) });
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

it('reads exactly the bytes of the limit, and the next stream continues', async () => {
  await using device = await openCounter();
  const stream = device.read(0x82, { bytes: MIB });
  expect((await collect(stream)).equals(counterBytes(0, MIB))).toBe(true);
  expect(stream.outcome).toMatchObject({ reason: 'limit' });
  expect((await collect(device.read(0x82, { bytes: 512 }))).equals(counterBytes(MIB, 512))).toBe(
    true,
  );
});

it('opens nothing before the first chunk is asked for', async () => {
  await using device = await openCounter();
  const unused = device.read(0x82);
  expect(unused.statistics).toMatchObject({ bytesReceived: 0, seconds: 0, bytesPerSecond: 0 });
  await unused.return();
  expect(await unused.next()).toEqual({ done: true, value: undefined });
  await collect(device.read(0x82, { bytes: 512 }));
});

it('a full transfer is passed on without a copy, and a short one does not keep its buffer alive', async () => {
  await using device = await openCounter('message=300000');
  const sizes: [number, number][] = [];
  for await (const chunk of device.read(0x82, { bytes: 300_000 })) {
    sizes.push([chunk.length, chunk.buffer.byteLength]);
  }
  expect(sizes).toEqual([
    [256 * KIB, 256 * KIB],
    [300_000 - 256 * KIB, 300_000 - 256 * KIB],
  ]);
});

it('borrowed chunks use the memory of released ones again', async () => {
  await using device = await openCounter();
  const memory = new Set<ArrayBufferLike>();
  let chunks = 0;
  const options = { bytes: 8 * MIB, transfers: 2, buffer: 256 * KIB };
  for await (const { data, release } of device.readBorrowed(0x82, options)) {
    memory.add(data.buffer);
    chunks += 1;
    release();
    release();
  }
  expect(chunks).toBe(32);
  expect(memory.size).toBeLessThan(8);
});

it('borrowed chunks are not changed before they are released, and the device waits for them', async () => {
  await using device = await openCounter();
  const options = { transfers: 2, transferSize: 16 * KIB, buffer: 64 * KIB };
  const stream = device.readBorrowed(0x82, options);
  const chunks: BorrowedChunk[] = [];
  const take = () => stream.next().then(({ value }) => value && chunks.push(value));
  const pending = [take()];
  while (!stream.statistics.isThrottled) {
    pending.push(take());
    await sleep(1);
  }
  const held = Buffer.concat(chunks.map(({ data }) => data));
  expect(held.equals(counterBytes(0, held.length))).toBe(true);
  const { bytesReceived } = stream.statistics;
  while (stream.statistics.bytesReceived === bytesReceived) {
    chunks.shift()?.[Symbol.dispose]();
    pending.push(take());
    await sleep(1);
  }
  await stream.return();
  await Promise.all(pending);
});

it('a consumer that does not ask pauses the transfers, and the statistics say so', async () => {
  await using device = await openCounter();
  const stream = device.read(0x82, { transfers: 2, transferSize: 4096, buffer: 64 * KIB });
  const first = await stream.next();
  while (!stream.statistics.isThrottled) {
    await sleep(1);
  }
  const { bytesReceived } = stream.statistics;
  await sleep(30);
  const { statistics } = stream;
  expect(statistics.bytesReceived - bytesReceived).toBeLessThanOrEqual(2 * 4096);
  expect(statistics.bytesReceived).toBeLessThan(256 * KIB);
  expect(statistics.throttledSeconds).toBeGreaterThan(0.02);
  expect(statistics.bytesDelivered).toBe(first.value?.length);
  expect(statistics.bytesBuffered).toBe(statistics.bytesReceived - statistics.bytesDelivered);
  await stream.return();
  expect(statistics.bytesDropped).toBe(statistics.bytesReceived - statistics.bytesDelivered);
});

it('stop ends the stream without a loss', async () => {
  await using device = await openCounter('rate=10M');
  const stream = device.read(0x82, { transferSize: 4096 });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (chunks.length === 5) {
      stream.stop();
    }
  }
  const data = Buffer.concat(chunks);
  expect(data.equals(counterBytes(0, data.length))).toBe(true);
  expect(data.length).toBe(stream.statistics.bytesReceived);
  expect(stream.outcome).toMatchObject({ reason: 'interrupted' });
  const rest = await collect(device.read(0x82, { bytes: 100 }));
  expect(rest.equals(counterBytes(data.length, 100))).toBe(true);
});

it('an aborted signal is the failure, before the stream and during it', async () => {
  await using device = await openCounter('silence@1000');
  const early = new Error('early');
  const signal = AbortSignal.abort(early);
  await expect(device.read(0x82, { signal }).next()).rejects.toBe(early);
  const abort = new AbortController();
  const stream = device.read(0x82, { signal: abort.signal, transferSize: 512 });
  await stream.next();
  const pending = stream.next();
  const late = new Error('late');
  abort.abort(late);
  await expect(pending).rejects.toBe(late);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect(stream.statistics.transfersInFlight).toBe(0);
});

it.each([
  ['stall@5000', { code: 'stall', bytes: 5000 }],
  ['error@5000', { code: 'error', offset: 5000 }],
  ['unplug@5120', { code: 'device-lost', bytes: 5120, loss: 'disconnected' }],
  ['reset@5120', { code: 'device-reset' }],
])('%s fails the stream after all data before it', async (scenario, expected) => {
  const device = await openCounter(`message=5000,${scenario}`);
  const chunks: Buffer[] = [];
  const read = async () => {
    for await (const chunk of device.read(0x82, { transferSize: 512 })) {
      chunks.push(chunk);
    }
  };
  await expect(read()).rejects.toMatchObject({ name: 'StreamError', ...expected });
  const data = Buffer.concat(chunks);
  expect(data.equals(counterBytes(0, data.length))).toBe(true);
  await device.close();
});

it('silence and the end of the time are failures before a limit, and regular ends without one', async () => {
  await using device = await openCounter('silence@1024');
  const limited = device.read(0x82, { bytes: 2048, idleTimeout: 20 });
  await expect(collect(limited)).rejects.toMatchObject({ code: 'idle', bytes: 1024 });
  const idle = device.read(0x82, { idleTimeout: 20 });
  expect(await collect(idle)).toHaveLength(0);
  expect(idle.outcome?.reason).toBe('idle');
  const timed = device.read(0x82, { duration: 20 });
  expect(await collect(timed)).toHaveLength(0);
  const short = device.read(0x82, { duration: 20, count: 3 });
  await expect(collect(short)).rejects.toMatchObject({ code: 'duration' });
});

it('a lost device is awaited and read again, and so is one that continues after failures', async () => {
  const gaps: number[] = [];
  let reconnections = 0;
  await using device = await openCounter('stall@1024,unplug@2048=20ms');
  const { address } = device.info;
  const stream = device.read(0x82, {
    ...{ bytes: 4096, transferSize: 512, transfers: 1, keepGoing: 3, reconnect: 5000 },
    onGap: ({ offset }) => gaps.push(offset),
    onReconnect: () => {
      reconnections += 1;
    },
  });
  expect((await collect(stream)).equals(counterBytes(0, 4096))).toBe(true);
  expect(gaps).toEqual([1024, 2048]);
  expect(stream.statistics.gaps.map(({ cause }) => cause)).toEqual(['stall', 'device-lost']);
  expect([stream.statistics.gapCount, reconnections]).toEqual([2, 1]);
  expect(device.info.address).not.toBe(address);
  expect(await device.control({ request: 2, length: 4 })).toHaveLength(4); // through the new handle
});

it('requests are sent before and after, and one message is read', async () => {
  await using device = await openCounter('start=request,message=700,silence@1400');
  const before = [{ request: 1, value: 1 }];
  const after = [{ request: 1, value: 0 }];
  const message = await collect(device.read(0x82, { before, untilShort: true }));
  expect(message.equals(counterBytes(0, 700))).toBe(true);
  const next = device.read(0x82, { after, untilShort: true });
  expect((await collect(next)).equals(counterBytes(700, 700))).toBe(true);
  const stopped = device.read(0x82, { idleTimeout: 20 });
  expect(await collect(stopped)).toHaveLength(0);
  const refused = device.read(0x82, { before: [{ request: 77 }] });
  await expect(refused.next()).rejects.toMatchObject({
    code: 'request-failed',
    request: { requestType: 0x40, request: 77, value: 0, index: 0 },
  });
});

it('skips bytes, removes headers of packets and discards old data', async () => {
  await using device = await openCounter('packet-header=2,stale=1000');
  const stream = device.read(0x82, { flush: 100, skip: 4, bytes: 1020, stripPacket: 2 });
  await collect(stream);
  const { bytesFlushed, bytesSkipped, bytesStripped, bytesDelivered } = stream.statistics;
  expect(bytesFlushed).toBeGreaterThanOrEqual(1000);
  expect({ bytesSkipped, bytesDelivered }).toEqual({ bytesSkipped: 4, bytesDelivered: 1020 });
  expect(bytesStripped).toBeGreaterThan(0);
});

it('closing the device ends its streams, with a failure', async () => {
  const device = await openCounter('silence@0');
  const pending = device.read(0x82).next();
  await sleep(5);
  await device.close();
  await expect(pending).rejects.toMatchObject({
    code: 'invalid',
    message: 'the device was closed',
  });
  await expect(device.read(0x82).next()).rejects.toMatchObject({ code: 'invalid' });
});

it('refuses a second stream on an endpoint, until the first has ended', async () => {
  await using device = await openCounter();
  const first = device.read(0x82);
  await first.next();
  await expect(device.read(0x82).next()).rejects.toMatchObject({ code: 'busy' });
  await expect(device.clearHalt(0x82)).rejects.toMatchObject({ code: 'busy' });
  await first.return();
  await collect(device.read(0x82, { bytes: 1 }));
  expect(await device.clearHalt(0x82)).toBe(false);
});

it('refuses wrong options before anything is claimed', async () => {
  await using device = await openCounter();
  const refused = async (stream: ReadStream, error: Error) =>
    expect(stream.next()).rejects.toThrow(error);
  await refused(
    device.read(0x82, { bytes: 0 }),
    new RangeError('bytes must be an integer of at least 1, not 0'),
  );
  await refused(
    device.read(0x82, { transfers: 0 }),
    new RangeError('transfers must be an integer of at least 1, not 0'),
  );
  await refused(
    device.read(0x82, { duration: -1 }),
    new RangeError('duration must be a number of milliseconds above 0, not -1'),
  );
  const noSignal: unknown = 'no signal';
  await refused(
    device.read(0x82, { signal: noSignal as AbortSignal }),
    new TypeError('signal must be an AbortSignal'),
  );
  await expect(device.read(0x83).next()).rejects.toMatchObject({ code: 'not-found' });
  await expect(device.read(0x02).next()).rejects.toMatchObject({ code: 'not-found' });
});

it('a halt is a failure, and it is cleared for the next stream', async () => {
  await using device = await openCounter('start-halted');
  await expect(collect(device.read(0x82))).rejects.toMatchObject({ code: 'stall', bytes: 0 });
  expect(await collect(device.read(0x82, { bytes: 512 }))).toHaveLength(512); // it was cleared
});

it('two settings of an interface cannot be used at the same time', async () => {
  await using device = await openCounter();
  const first = device.read(0x82);
  await first.next();
  const other = device.read(0x84, { alternateSetting: 1 });
  await expect(other.next()).rejects.toMatchObject({ code: 'busy' });
  await first.return();
  const reports = device.read(0x84, { alternateSetting: 1 });
  expect((await reports.next()).value).toHaveLength(8);
  await reports.return();
  await collect(device.read(0x82, { bytes: 512, alternateSetting: 0 }));
});
