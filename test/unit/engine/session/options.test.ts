import { describe, expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import type { Sink, WriteDone } from '../../../../src/engine/io/sink.js';
import type { ReadDone, Source } from '../../../../src/engine/io/source.js';
import { type CaptureRequest, capture } from '../../../../src/engine/session/capture.js';
import { type DuplexRequest, duplex } from '../../../../src/engine/session/duplex.js';
import { type SendRequest, send } from '../../../../src/engine/session/send.js';
import { locateIn, locateOut } from '../../../../src/usb/locate.js';
import { counterBytes, isCounterPrefix } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';
import { MemorySource } from '../support/memory-source.js';

/** Wrong values, which callers in JavaScript can give. */
type Wrong = Readonly<Record<string, unknown>>;

/** The streams on a virtual device that counts how often it is opened. */
async function fixture() {
  const backend = new VirtualBackend();
  const opened = { count: 0 };
  const open = backend.open.bind(backend);
  backend.open = (info) => {
    opened.count += 1;
    return open(info);
  };
  const [device] = await backend.list();
  if (device === undefined) {
    throw new Error('no device');
  }
  const sink = new MemorySink();
  const source = new MemorySource(counterBytes(0, 1000));
  const base = { backend, device, signal: new AbortController().signal };
  const receive = { depth: 2, transferSize: 512 };
  const streams = {
    capture: (request: Wrong = {}, options: Wrong = {}) =>
      capture({
        ...base,
        location: locateIn(device, {}),
        sink,
        ...request,
        receive: { ...receive, bytes: 1000, ...options },
      } as CaptureRequest),
    send: (request: Wrong = {}, options: Wrong = {}) =>
      send({
        ...base,
        location: locateOut(device, {}),
        source,
        ...request,
        send: { ...receive, ...options },
      } as SendRequest),
    duplex: (request: Wrong = {}, options: Wrong = {}, sending: Wrong = {}) =>
      duplex({
        ...base,
        in: locateIn(device, {}),
        out: locateOut(device, {}),
        sink,
        source,
        linger: 10,
        ...request,
        receive: { ...receive, bytes: 1000, ...options },
        send: { ...receive, ...sending },
      } as DuplexRequest),
  };
  return { streams, opened, sink, source };
}

const NOT_NUMBERS = [Number.NaN, -5, 0, 0.5, 1.5, '7', null];
const NOT_TIMES = [Number.NaN, -5, 0, '7', null];

describe.each(['capture', 'duplex'] as const)('%s refuses, before it opens anything,', (name) => {
  it.each([
    ...NOT_NUMBERS.flatMap((value) => [{ bytes: value }, { count: value }, { depth: value }]),
    ...[Number.NaN, -1, 0.5, '7', Number.POSITIVE_INFINITY].map((skip) => ({ skip })),
    ...NOT_TIMES.flatMap((value) => [{ timeout: value }, { idleTimeout: value }]),
    ...NOT_TIMES.flatMap((value) => [{ drainAfter: value }, { flush: { time: value } }]),
    ...[511, 0, 512.5, Number.NaN, Number.POSITIVE_INFINITY].map((value) => ({
      transferSize: value,
    })),
    { writeBuffer: 0 },
    { writeBuffer: Number.POSITIVE_INFINITY },
  ])('the option %j', async (options) => {
    const { streams, opened, sink } = await fixture();
    await expect(streams[name]({}, options)).rejects.toThrow(
      expect.toSatisfy((error) => error instanceof RangeError || error instanceof TypeError),
    );
    expect([opened.count, sink.closed]).toEqual([0, true]);
  });
});

describe('send refuses, before it opens anything,', () => {
  it.each([
    ...NOT_NUMBERS.flatMap((value) => [
      { bytes: value },
      { depth: value },
      { transferSize: value },
    ]),
    ...NOT_TIMES.map((idleTimeout) => ({ idleTimeout })),
    { readAhead: 0 },
    { readAhead: Number.NaN },
    { zlp: 'sometimes' },
  ])('the option %j', async (options) => {
    const { streams, opened, source } = await fixture();
    for (const run of [() => streams.send({}, options), () => streams.duplex({}, {}, options)]) {
      await expect(run()).rejects.toThrow(
        expect.toSatisfy((error) => error instanceof RangeError || error instanceof TypeError),
      );
    }
    expect([opened.count, source.closed]).toEqual([0, true]);
  });
});

describe.each(['capture', 'send', 'duplex'] as const)('%s', (name) => {
  it.each<[string, Wrong]>([
    ['without a signal', { signal: undefined }],
    ['with a signal that is none', { signal: {} }],
    ...NOT_TIMES.map((value): [string, Wrong] => [
      `with the duration ${value}`,
      { duration: value },
    ]),
  ])('refuses a request %s, and closes input and output', async (_, request) => {
    const { streams, opened, source, sink } = await fixture();
    await expect(streams[name](request)).rejects.toThrow(/^(signal|duration) must be/);
    expect(opened.count).toBe(0);
    expect([source.closed, sink.closed]).toContain(true);
  });

  it('ends at once, with the device closed, if its signal is aborted already', async () => {
    const { streams, opened } = await fixture();
    const request = { signal: AbortSignal.abort() };
    expect(await streams[name](request)).toMatchObject({
      end: { reason: 'interrupted' },
      restoreError: undefined,
    });
    expect(opened.count).toBe(1);
  });
});

describe('a request', () => {
  it('needs a source and a sink with all methods', async () => {
    const { streams, opened } = await fixture();
    for (const sink of [undefined, {}, { start() {}, close() {} }]) {
      await expect(streams.capture({ sink })).rejects.toThrow(/^sink must have the method/);
    }
    for (const source of [undefined, {}, { read() {} }]) {
      await expect(streams.send({ source })).rejects.toThrow(/^source must have the method/);
    }
    expect(opened.count).toBe(0);
  });

  it('needs a valid recovery, and linger time', async () => {
    const { streams, opened } = await fixture();
    for (const recovery of [
      { keepGoing: 0.5 },
      { keepGoing: Number.NaN },
      { reconnect: -1 },
      { onIdle: { restart: 'reset', attempts: 0 } },
    ]) {
      await expect(streams.capture({ recovery })).rejects.toThrow(RangeError);
    }
    await expect(streams.duplex({ linger: Number.NaN })).rejects.toThrow(RangeError);
    expect(opened.count).toBe(0);
  });
});

describe('a sink', () => {
  /** A sink that writes to memory, and calls back as `answer` wants. */
  function sinkWith(answer: (done: WriteDone, bytes: number) => void) {
    const kept = new MemorySink();
    const sink: Sink = {
      start: () => kept.start(),
      close: () => kept.close(),
      write: (buffers, done) => kept.write(buffers, (_, written) => answer(done, written)),
    };
    return { sink, kept };
  }

  it('that calls back twice fails the capture, and every byte is counted once', async () => {
    const { streams } = await fixture();
    const { sink, kept } = sinkWith((done, bytes) => {
      done(undefined, bytes);
      done(undefined, bytes);
    });
    const { end, statistics } = await streams.capture({ sink }, { bytes: 4 * 1024 * 1024 });
    expect(end).toMatchObject({
      reason: 'output-failed',
      cause: new TypeError('the sink called back more than once'),
    });
    const { bytesReceived, bytesWritten, bytesDiscarded, bytesUnwritten } = statistics;
    expect(bytesReceived).toBe(bytesWritten + bytesDiscarded + bytesUnwritten);
    expect(Math.min(bytesWritten, bytesDiscarded, bytesUnwritten)).toBeGreaterThanOrEqual(0);
    expect(isCounterPrefix(kept.contents)).toBe(true);
  });

  it.each([-1, 1e9, Number.NaN, 0.5])('that reports %d bytes fails the capture', async (bytes) => {
    const { streams } = await fixture();
    const { sink } = sinkWith((done) => done(undefined, bytes));
    const { end, statistics } = await streams.capture({ sink });
    expect(end).toMatchObject({ reason: 'output-failed', cause: expect.any(TypeError) });
    expect(statistics.bytesWritten).toBe(0);
    expect(statistics.bytesUnwritten).toBeGreaterThan(0);
  });
});

describe('a source', () => {
  /** A source that calls back as `answer` wants. */
  function sourceWith(answer: (done: ReadDone, bytes: number) => void): Source {
    return {
      size: undefined,
      close: async () => {},
      read: (_, start, end, done) => setImmediate(answer, done, end - start),
    };
  }

  it.each([
    ['more than requested', 1],
    ['a negative number', -1e9],
    ['a part of a byte', -0.5],
    ['no number', Number.NaN],
  ])('that returns %s ends the sending', async (_, excess) => {
    const { streams } = await fixture();
    const source = sourceWith((done, bytes) => done(undefined, bytes + excess));
    const { end, statistics } = await streams.send({ source });
    expect(end).toMatchObject({ reason: 'input-failed', cause: expect.any(TypeError) });
    expect([statistics.bytesRead, statistics.bytesAccepted]).toEqual([0, 0]);
  });

  it('that calls back twice ends the sending', async () => {
    const { streams } = await fixture();
    const source = sourceWith((done) => {
      done(undefined, 100);
      done(undefined, 100);
    });
    const { end, statistics } = await streams.send({ source });
    expect(end).toMatchObject({ reason: 'input-failed', cause: expect.any(TypeError) });
    expect(statistics.bytesAccepted).toBe(statistics.bytesRead);
  });
});
