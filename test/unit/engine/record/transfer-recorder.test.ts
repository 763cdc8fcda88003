import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { groupObservers } from '../../../../src/engine/record/observer-group.js';
import { recordControl } from '../../../../src/engine/record/recorded-backend.js';
import { TransferRecorder } from '../../../../src/engine/record/transfer-recorder.js';
import { type CaptureRequest, capture } from '../../../../src/engine/session/capture.js';
import { send } from '../../../../src/engine/session/send.js';
import { locateIn, locateOut } from '../../../../src/usb/locate.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';
import { MemorySource } from '../support/memory-source.js';
import { completionsIn, LinesFormat } from './lines-format.js';

/** A capture from the virtual bus with a record of its transfers. */
async function fixture(scenario: string, receive: Partial<CaptureRequest['receive']> = {}) {
  const bus = new VirtualBackend({ scenario: parseScenario(scenario) });
  const [device] = await bus.list();
  if (device === undefined) {
    throw new Error('no device');
  }
  const options = { depth: 4, transferSize: 4096, ...receive };
  const sink = new MemorySink();
  const record = new MemorySink();
  const recorder = new TransferRecorder(record, new LinesFormat(), [options]);
  const location = locateIn(device, {});
  const stop = new AbortController();
  const run = (more: Partial<CaptureRequest> = {}) =>
    capture({
      ...{ backend: recordControl(bus, recorder), device, location, sink, receive: options },
      ...{ observer: recorder, signal: stop.signal, ...more },
    });
  return { run, sink, record, recorder, stop, lines: () => record.contents.toString() };
}

describe('a record', () => {
  it('has each submission and each completion, before the result of the stream', async () => {
    const { run, sink, record, lines } = await fixture('seed=1', { bytes: 40_000 });
    const { end, statistics } = await run();
    expect(end.reason).toBe('limit');
    expect(record.closed).toBe(true);
    expect(lines()).toMatch(/^begin\n82 0 S 4096 opened \n82 1 S 4096 \n/);
    expect(lines()).toMatch(/\nend limit\n$/);
    const completions = completionsIn(lines());
    expect(completions.map(({ sequence }) => sequence)).toEqual(
      completions.map((_, index) => index),
    );
    expect(completions).toHaveLength(statistics.transfers);
    const received = Buffer.concat(completions.map(({ data }) => data));
    expect(received.equals(counterBytes(0, statistics.bytesReceived))).toBe(true);
    expect(sink.contents.equals(received.subarray(0, 40_000))).toBe(true);
    expect(lines().split(' S ')).toHaveLength(statistics.submissions + 1);
  });

  it('has the bytes of cancelled transfers', async () => {
    const { run, lines, stop, sink } = await fixture('rate=500K', { transferSize: 65_536 });
    setTimeout(() => stop.abort(), 50);
    await run();
    const cancelled = completionsIn(lines()).filter(({ status }) => status === 'cancelled');
    expect(cancelled[0]?.length).toBeGreaterThan(0);
    expect(Buffer.concat(cancelled.map(({ data }) => data)).equals(sink.contents)).toBe(true);
  });

  it('has control requests, with the device that was opened', async () => {
    const request = { requestType: 0xc0, request: 1, value: 2, index: 3 };
    const { run, lines } = await fixture('seed=1', { bytes: 4096 });
    await run({ after: [{ request, data: Buffer.alloc(4) }] });
    expect(lines()).toMatch(/\n80 0 S 4 \n80 0 C \d+ \w+/);
  });

  it('tells what happened between transfers at the next one, or at the end', async () => {
    const { run, recorder, lines } = await fixture('seed=1', { bytes: 8192 });
    const gap = {
      offset: 0,
      seconds: 0,
      time: new Date(),
      cause: 'stall',
      cancelled: false,
    } as const;
    await run({
      onStart: () => recorder.note({ kind: 'gap', gap }),
      onOpen: async () => {},
    });
    expect(lines()).toMatch(/82 0 S 4096 opened gap \n/);
  });

  it('has one file for each part', async () => {
    const { run, recorder, record, lines } = await fixture('seed=1', { bytes: 16_384 });
    const cuts: number[] = [];
    Object.assign(record, { cut: () => cuts.push(record.contents.length) });
    await run({ onStart: () => [recorder.cut(), recorder.cut()] });
    const [first = 0, second = 0] = cuts;
    expect(cuts).toHaveLength(2);
    expect(lines().slice(0, first)).toBe('begin\nend undefined\n');
    expect(lines().slice(first, second)).toBe('begin\nend undefined\n');
    expect(lines().slice(second)).toMatch(/^begin\n82 0 S(.|\n)*end limit\n$/);
  });
});

it('a file that ends during a write has its end', async () => {
  const sink = new MemorySink();
  const files: string[] = [];
  Object.assign(sink, { cut: () => files.push(sink.contents.toString()) });
  const recorder = new TransferRecorder(sink, new LinesFormat(), []);
  await recorder.start({ fail: () => {} });
  sink.held = true;
  const submission = {
    ...{
      endpoint: 1,
      sequence: 0,
      buffer: Buffer.alloc(0),
      requested: 0,
      packetSize: 512,
      submittedAt: 0,
    },
  };
  recorder.onSubmit(submission);
  await turn();
  await turn();
  recorder.cut();
  sink.held = false;
  sink.release();
  await recorder.close({ reason: 'limit' });
  expect(files).toEqual(['begin\n1 0 S 0 \nend undefined\n']);
  expect(sink.contents.toString().slice(files[0]?.length)).toBe('begin\nend limit\n');
});

describe('a slow output of a record', () => {
  it('pauses submission, and loses nothing', async () => {
    const { run, record, sink, lines } = await fixture('seed=1', {
      ...{ depth: 2, transferSize: 1024 * 1024, bytes: 64 * 1024 * 1024, writeBuffer: 1e9 },
    });
    record.held = true;
    const finished = run();
    await vi.waitFor(() => expect(sink.contents.length).toBeGreaterThan(0));
    let before = -1;
    while (before < sink.contents.length) {
      before = sink.contents.length;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(before).toBeLessThanOrEqual(8 * 1024 * 1024);
    const release = setInterval(() => record.release(), 0);
    const { end, statistics } = await finished;
    clearInterval(release);
    expect(end.reason).toBe('limit');
    expect(statistics.timings.throttled.milliseconds).toBeGreaterThan(0);
    const bytes = completionsIn(lines()).reduce((sum, { data }) => sum + data.length, 0);
    expect(bytes).toBe(64 * 1024 * 1024);
  });

  it('pauses what is sent', async () => {
    const bus = new VirtualBackend();
    const [device] = await bus.list();
    if (device === undefined) {
      throw new Error('no device');
    }
    const queue = { depth: 2, transferSize: 1024 * 1024 };
    const data = counterBytes(0, 32 * 1024 * 1024);
    const record = new MemorySink();
    record.held = true;
    const recorder = new TransferRecorder(record, new LinesFormat(), [queue]);
    let accepted = (): number => 0;
    const finished = send({
      ...{ backend: bus, device, location: locateOut(device, {}), source: new MemorySource(data) },
      ...{ send: queue, observer: recorder, signal: new AbortController().signal },
      onStart: (statistics) => {
        accepted = () => statistics.bytesMoved;
      },
    });
    await vi.waitFor(() => expect(accepted()).toBeGreaterThan(0));
    let before = -1;
    while (before < accepted()) {
      before = accepted();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(before).toBeLessThanOrEqual(8 * 1024 * 1024);
    const release = setInterval(() => record.release(), 0);
    const { end } = await finished;
    clearInterval(release);
    expect(end.reason).toBe('input-ended');
    const sent = record.contents.toString().match(/^2 \d+ S \d+ (.*)$/gm) ?? [];
    const bytes = sent.map((line) => Buffer.from(line.split(' ').at(-1) ?? '', 'hex'));
    expect(Buffer.concat(bytes).equals(data)).toBe(true);
  });

  it('is no silence of the device', async () => {
    const { run, record } = await fixture('seed=1', {
      ...{ depth: 2, transferSize: 1024 * 1024, bytes: 32 * 1024 * 1024, idleTimeout: 30 },
    });
    record.held = true;
    const finished = run();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const release = setInterval(() => record.release(), 0);
    const { end } = await finished;
    clearInterval(release);
    expect(end.reason).toBe('limit');
  });
});

describe('an output of a record that fails', () => {
  it('ends the stream as a failed output, with all received data', async () => {
    const { run, record, sink } = await fixture('rate=50M');
    record.capacity = 100_000;
    const { end, statistics } = await run();
    expect(end).toMatchObject({ reason: 'output-failed', cause: record.failure });
    expect(statistics.bytesUnwritten).toBe(0);
    expect(sink.contents.equals(counterBytes(0, statistics.bytesReceived))).toBe(true);
    expect(record.closed).toBe(true);
  });

  it('ends the stream without a failure if its reader is gone', async () => {
    const { run, record } = await fixture('rate=50M');
    record.capacity = 100_000;
    record.failure = Object.assign(new Error('broken pipe'), { code: 'EPIPE' });
    expect((await run()).end.reason).toBe('reader-closed');
  });

  it.each([
    ['ENOSPC', 'output-failed'],
    ['EPIPE', 'limit'],
  ])('at the last write with %s, the stream ends as %s', async (code, reason) => {
    const { run, record, lines } = await fixture('seed=1', { bytes: 4096 });
    record.failure = Object.assign(new Error('cannot write'), { code });
    record.capacity = 8245; // all but a part of the end
    expect((await run()).end.reason).toBe(reason);
    expect(lines()).toMatch(/completed \w+\n(e(n(d.*)?)?)?$/);
  });

  it('fails the stream also at the end', async () => {
    const { run, record } = await fixture('seed=1', { bytes: 4096 });
    record.close = async () => {
      throw new Error('lost');
    };
    expect((await run()).end).toMatchObject({
      reason: 'output-failed',
      cause: { message: 'lost' },
    });
  });

  it('fails the stream at the start', async () => {
    const { run, record, sink } = await fixture('seed=1', { bytes: 4096 });
    record.start = async () => {
      throw new Error('cannot begin');
    };
    const { end } = await run();
    expect(end).toMatchObject({ reason: 'output-failed', cause: { message: 'cannot begin' } });
    expect(sink.contents).toHaveLength(0);
  });
});

it('a stream can have several observers', async () => {
  const { run, recorder, lines } = await fixture('seed=1', { bytes: 8192 });
  const second = new MemorySink();
  const queue = { depth: 4, transferSize: 4096 };
  const another = new TransferRecorder(second, new LinesFormat(), [queue]);
  await run({ observer: groupObservers([recorder, another]) });
  await turn();
  expect(second.contents.toString()).toBe(lines().replace(' opened', ''));
  expect(groupObservers([])).toBeUndefined();
  expect(groupObservers([recorder])).toBe(recorder);
});
