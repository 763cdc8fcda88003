import { describe, expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import type { ReceiveOptions } from '../../../../src/engine/receive/receiver.js';
import { type CaptureRequest, capture } from '../../../../src/engine/session/capture.js';
import { type DuplexRequest, duplex } from '../../../../src/engine/session/duplex.js';
import { locateIn, locatePair } from '../../../../src/usb/locate.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';
import { MemorySource } from '../support/memory-source.js';

const run = (value: number) => ({
  request: { requestType: 0x40, request: 1, value, index: 0 },
  data: Buffer.alloc(0),
});
const [START, STOP] = [run(1), run(0)];

/** A counter, and the requests that it received, each with the number of bytes received before. */
async function counter(scenario: string) {
  const backend = new VirtualBackend({ scenario: parseScenario(scenario) });
  const [device] = await backend.list();
  if (device === undefined) {
    throw new Error('no device');
  }
  const requests: number[] = [];
  const open = backend.open.bind(backend);
  backend.open = async (info) => {
    const opened = await open(info);
    const control = opened.control.bind(opened);
    opened.control = (request, ...rest) => {
      requests.push(request.value);
      return control(request, ...rest);
    };
    return opened;
  };
  return { backend, device, requests };
}

async function read(
  scenario: string,
  receive: Partial<ReceiveOptions>,
  rest: Partial<CaptureRequest> = {},
) {
  const { backend, device, requests } = await counter(scenario);
  const sink = new MemorySink();
  const result = await capture({
    ...{ backend, device, location: locateIn(device, {}), sink },
    receive: { depth: 4, transferSize: 4096, ...receive },
    before: [START],
    after: [STOP],
    signal: new AbortController().signal,
    ...rest,
  });
  return { ...result, bytes: sink.contents, requests };
}

const STALE = 'start=request, stale=10000';

describe('flush', () => {
  it.each([
    4, 1,
  ])('discards and counts what the device has before the requests, with %i transfers', async (depth) => {
    const { end, statistics, bytes } = await read(STALE, {
      depth,
      bytes: 20_000,
      flush: { time: 5000 },
    });
    expect([end.reason, statistics.bytesFlushed]).toEqual(['limit', 10_000]);
    expect(bytes.equals(counterBytes(0, 20_000))).toBe(true);
    expect(statistics.bytesReceived).toBeLessThan(30_000);
  });

  it('is not done without it', async () => {
    const { statistics, bytes } = await read(STALE, { bytes: 20_000 });
    expect([statistics.bytesFlushed, bytes[0], bytes[9999]]).toEqual([0, 0xff, 0xff]);
  });

  it('starts after its time although the device still sends, and says so', async () => {
    const told: number[] = [];
    const flush = { time: 20, onUnfinished: (bytes: number) => told.push(bytes) };
    const { end, statistics, bytes } = await read('rate=4M', { bytes: 5000, flush });
    expect([end.reason, bytes.length, told]).toEqual(['limit', 5000, [statistics.bytesFlushed]]);
    expect(statistics.bytesFlushed).toBeLessThan(64 * 2 ** 20);
    expect(bytes.equals(counterBytes(statistics.bytesFlushed, 5000))).toBe(true);
  });

  it('discards at most 64 MiB', async () => {
    const flush = { time: 60_000 };
    const options = { bytes: 5000, flush, depth: 8, transferSize: 2 ** 20 };
    const { statistics, bytes } = await read('speed=high', options);
    expect(statistics.bytesFlushed).toBe(64 * 2 ** 20);
    expect(bytes.equals(counterBytes(64 * 2 ** 20, 5000))).toBe(true);
  });

  it('leaves a failure to the stream', async () => {
    const { end, bytes, statistics } = await read('stall@1024', { flush: { time: 5000 } });
    expect([end.reason, bytes.length, statistics.bytesFlushed]).toEqual(['stall', 0, 1024]);
  });

  it.each(['before', 'during'])('ends when the stream is stopped %s it', async (when) => {
    const controller = new AbortController();
    const { signal } = controller;
    if (when === 'before') {
      controller.abort();
    } else {
      setTimeout(() => controller.abort(), 20);
    }
    const { end } = await read('rate=4M', { flush: { time: 60_000 } }, { signal });
    expect(end.reason).toBe('interrupted');
  });

  it('is not repeated when the capture continues', async () => {
    const { statistics, bytes } = await read(
      `${STALE}, stall@8k`,
      { bytes: 20_000, flush: { time: 5000 } },
      { recovery: { keepGoing: 1 } },
    );
    expect([statistics.bytesFlushed, statistics.gapCount]).toEqual([10_000, 1]);
    expect(bytes.equals(counterBytes(0, 20_000))).toBe(true);
  });
});

describe('drainAfter', () => {
  const endless = { drainAfter: 60_000 };
  const buffered = 'start=request, rate=4M, stale=6000';
  const flush = { time: 5000 };

  it.each([
    'duration',
    'interrupted',
  ])('reads what the device has buffered after the requests: %s', async (reason) => {
    const controller = new AbortController();
    if (reason === 'interrupted') {
      setTimeout(() => controller.abort(), 500);
    }
    const rest = { duration: reason === 'duration' ? 500 : undefined, signal: controller.signal };
    const { end, statistics, bytes, requests } = await read(buffered, { ...endless, flush }, rest);
    expect([end, requests]).toEqual([{ reason }, [1, 0]]);
    expect(bytes.equals(counterBytes(0, bytes.length))).toBe(true);
    expect(bytes.length).toBe(statistics.bytesReceived);
    expect(statistics.bytesAfterStop).toBeGreaterThanOrEqual(6000);
    expect(statistics.shortTransfers + statistics.emptyTransfers).toBe(1);
  });

  it('discards what follows a limit in bytes, so that the next run does not get it', async () => {
    const options = { ...endless, flush, bytes: 20_000 };
    const { end, statistics, bytes, requests } = await read(buffered, options);
    expect([end.reason, bytes.length, requests]).toEqual(['limit', 20_000, [1, 0]]);
    expect(statistics.bytesAfterStop).toBeGreaterThanOrEqual(6000);
    expect(statistics.bytesDiscarded).toBe(statistics.bytesReceived - 20_000);
  });

  it('writes what follows a number of transfers', async () => {
    const options = { ...endless, flush, count: 2, transferSize: 512 };
    const { end, statistics, bytes } = await read(buffered, options);
    expect([end.reason, bytes.length]).toEqual(['limit', statistics.bytesReceived]);
    expect(bytes.length).toBeGreaterThanOrEqual(1024 + 6000);
  });

  it.each([
    ['silence', 'silence@8k', { drainAfter: 60_000 }],
    ['its time', 'rate=4M', { drainAfter: 50 }],
  ])('ends with %s', async (_, scenario, options) => {
    const { end } = await read(scenario, { ...options, bytes: 4096 }, { before: [], after: [] });
    expect(end.reason).toBe('limit');
  });

  it('does not follow silence, so that the device can be restarted', async () => {
    const { end, requests, bytes, statistics } = await read(
      'start=request, rate=4M, stale=6000, hangs-until-reset@8k',
      { ...endless, flush, idleTimeout: 50, bytes: 20_000 },
      { recovery: { onIdle: { restart: 'reset', attempts: 1 } } },
    );
    expect([end, requests, bytes.length]).toEqual([{ reason: 'limit' }, [1, 1, 1, 0], 20_000]);
    expect(statistics.restarts.reset).toBe(2);
  });

  it('ends with a failure of the device, which is reported', async () => {
    const { end, requests } = await read('start=request, stale=6000, stall@8k', {
      ...endless,
      flush,
      bytes: 4096,
    });
    expect([end.reason, requests]).toEqual(['stall', [1, 0]]);
  });

  it('does not begin again when the capture recovers from a failure in it', async () => {
    const { end, requests } = await read(
      'start=request, stale=6000, stall@8k',
      { ...endless, flush, bytes: 4096 },
      { recovery: { keepGoing: 5 } },
    );
    expect([end.reason, requests]).toEqual(['limit', [1, 0]]);
  });

  it('ends at a second stop', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const { end } = await read(
      'rate=4M',
      { ...endless, bytes: 4096 },
      { before: [], after: [], signal: controller.signal },
    );
    expect(end.reason).toBe('limit');
  });

  it('sends the requests after a failure once, without a tail', async () => {
    const { end, requests, statistics } = await read('start=request, stall@8k', endless);
    expect([end.reason, requests, statistics.bytesAfterStop]).toEqual(['stall', [1, 0], 0]);
  });

  it('is a part of a duplex stream', async () => {
    const { backend, device, requests } = await counter(buffered);
    const sink = new MemorySink();
    const source = new MemorySource(counterBytes(0, 5000));
    const request: DuplexRequest = {
      ...{ backend, device, sink, source, linger: 50, before: [START], after: [STOP] },
      ...locatePair(device, {}),
      receive: { depth: 4, transferSize: 4096, bytes: 20_000, flush, ...endless },
      send: { depth: 2, transferSize: 512 },
      signal: new AbortController().signal,
    };
    const { end, statistics, failedDirection } = await duplex(request);
    expect([end.reason, failedDirection, requests]).toEqual(['limit', undefined, [1, 0]]);
    expect(sink.contents.equals(counterBytes(0, 20_000))).toBe(true);
    expect(statistics.in.bytesFlushed).toBe(6000);
    expect(statistics.in.bytesAfterStop).toBeGreaterThanOrEqual(6000);
  });

  it('follows the silence that ends a duplex stream', async () => {
    const { backend, device, requests } = await counter(`${buffered}, silence@8k`);
    const sink = new MemorySink();
    const { end } = await duplex({
      ...{ backend, device, sink, linger: 50, before: [START], after: [STOP] },
      source: new MemorySource(counterBytes(0, 5000)),
      ...locatePair(device, {}),
      receive: { depth: 4, transferSize: 4096, flush, ...endless },
      send: { depth: 2, transferSize: 512 },
      signal: new AbortController().signal,
    });
    expect([end.reason, requests, sink.contents.length]).toEqual(['input-ended', [1, 0], 8192]);
  });
});
