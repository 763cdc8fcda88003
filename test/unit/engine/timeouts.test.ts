import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ReceiveOptions, Receiver } from '../../../src/engine/receive/receiver.js';
import { checkTimeout } from '../../../src/engine/timeouts.js';
import { MemorySink } from './support/memory-sink.js';
import { ScriptedEndpoint } from './support/scripted-endpoint.js';

function start(options: Partial<ReceiveOptions>, cancelKeepsData = true) {
  const endpoint = new ScriptedEndpoint();
  endpoint.cancelKeepsData = cancelKeepsData;
  const sink = new MemorySink();
  const receiver = new Receiver(sink, { depth: 2, transferSize: 1024, ...options });
  return { endpoint, sink, receiver, ended: receiver.run(endpoint) };
}

/** Waits until this many transfers were cancelled in all. */
async function cancelled({ cancellations }: ScriptedEndpoint, count: number): Promise<void> {
  while (cancellations.length < count) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe('a transfer pending too long', () => {
  it('is cancelled, counted as timed out and submitted again, and its bytes are kept', async () => {
    const { endpoint, sink, receiver, ended } = start({ timeout: 20 });
    const [first, second] = endpoint.submissions;
    await cancelled(endpoint, 2);
    second?.complete('cancelled', 0);
    first?.buffer.fill(7, 0, 512);
    first?.complete('cancelled', 512);
    expect(endpoint.submissions).toHaveLength(2);
    receiver.stop({ reason: 'interrupted' });
    for (const submission of [...endpoint.submissions]) {
      submission.complete('cancelled', 0);
    }
    await ended;
    expect(receiver.statistics.statuses).toMatchObject({ 'timed-out': 2, cancelled: 2 });
    expect(sink.contents).toEqual(Buffer.alloc(512, 7));
  });

  it('counts as completed when it completes before it is cancelled', async () => {
    const { endpoint, receiver } = start({ timeout: 20, depth: 1 });
    const [submission] = endpoint.submissions;
    await cancelled(endpoint, 1);
    submission?.complete('completed', 1024);
    expect(receiver.statistics.statuses).toMatchObject({ 'timed-out': 0, completed: 1 });
    receiver.stop({ reason: 'interrupted' });
    endpoint.submissions[0]?.complete('cancelled', 0);
    expect(receiver.statistics.statuses).toMatchObject({ 'timed-out': 0, cancelled: 1 });
  });
});

describe('a timeout of transfers', () => {
  const keeps = { path: '1-2', cancelKeepsData: true };
  const loses = { path: '1-2', cancelKeepsData: false };

  it('is refused if a cancelled transfer would lose its data', () => {
    expect(() => checkTimeout({ timeout: 1000 }, loses)).toThrow(
      expect.objectContaining({ code: 'not-supported', remedy: { kind: 'omit-timeout' } }),
    );
  });

  it('is accepted otherwise', () => {
    expect(() => checkTimeout({ timeout: 1000 }, keeps)).not.toThrow();
    expect(() => checkTimeout({ idleTimeout: 1000 }, loses)).not.toThrow();
  });
});

describe('the timeouts of a run', () => {
  it('need no timer if there are none', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const { receiver } = start({});
    receiver.stop({ reason: 'interrupted' });
    expect(timers).not.toHaveBeenCalled();
    timers.mockRestore();
  });

  it('end with the run', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { endpoint, receiver, ended } = start({ timeout: 10, idleTimeout: 20, depth: 1 });
    expect(vi.getTimerCount()).toBe(2);
    receiver.stop({ reason: 'interrupted' });
    endpoint.submissions[0]?.complete('cancelled', 0);
    await ended;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});

describe('an idle timeout that is set later', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('counts from then on, in place of the previous one', () => {
    const { endpoint, receiver } = start({ idleTimeout: 30, depth: 1 });
    vi.advanceTimersByTime(20);
    receiver.setIdleTimeout(50);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(49);
    expect(endpoint.cancellations).toHaveLength(0);
    vi.advanceTimersByTime(1);
    expect(endpoint.cancellations).toHaveLength(1);
  });

  it('is none if it is infinite', () => {
    const { endpoint, receiver } = start({ idleTimeout: 30, depth: 1 });
    receiver.setIdleTimeout(Number.POSITIVE_INFINITY);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100_000);
    expect(endpoint.cancellations).toHaveLength(0);
  });

  it('begins with the next run if none is in progress', async () => {
    const endpoint = new ScriptedEndpoint();
    const receiver = new Receiver(new MemorySink(), { depth: 1, transferSize: 1024 });
    receiver.setIdleTimeout(50);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100);
    const ended = receiver.run(endpoint);
    vi.advanceTimersByTime(49);
    expect(endpoint.cancellations).toHaveLength(0);
    vi.advanceTimersByTime(1);
    expect(endpoint.cancellations).toHaveLength(1);
    endpoint.submissions[0]?.complete('cancelled', 0);
    expect((await ended).reason).toBe('idle');
  });
});

describe('a silent device', () => {
  it('is not probed at the end while the output is slow', async () => {
    const { endpoint, sink, receiver, ended } = start({ idleTimeout: 30, bytes: 512 });
    sink.held = true;
    endpoint.submissions[0]?.complete('completed', 512);
    await new Promise(setImmediate);
    expect(endpoint.submissions).toHaveLength(0);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await sleep(100);
    expect(timers.mock.calls.filter(([, delay]) => delay === 1)).toEqual([]);
    timers.mockRestore();
    sink.release();
    expect((await ended).reason).toBe('limit');
    expect(receiver.statistics.bytesWritten).toBe(512);
  });

  it('ends the capture, after one transfer is cancelled to make sure', async () => {
    const { endpoint, receiver, ended } = start({ idleTimeout: 20 });
    const [first, second] = endpoint.submissions;
    await cancelled(endpoint, 1);
    expect(endpoint.cancellations).toEqual([first]);
    first?.complete('cancelled', 0);
    expect(endpoint.cancellations).toEqual([first, second]);
    second?.complete('cancelled', 0);
    expect((await ended).reason).toBe('idle');
    expect(receiver.statistics.statuses).toMatchObject({ 'timed-out': 1, cancelled: 1 });
  });

  it('ends the capture without such a cancel if that would lose data, and says where', async () => {
    const { endpoint, receiver, ended } = start({ idleTimeout: 20 }, false);
    endpoint.submissions[0]?.complete('completed', 1024);
    const inFlight = [...endpoint.submissions];
    await cancelled(endpoint, 1);
    expect(endpoint.cancellations).toEqual(inFlight.toReversed()); // all, by the end
    for (const submission of inFlight) {
      submission.complete('cancelled', 0);
    }
    expect((await ended).reason).toBe('idle');
    const { statuses, lossOffset } = receiver.statistics;
    expect([statuses['timed-out'], lossOffset]).toEqual([0, 1024]);
  });

  it('gets one cancellation, however long it takes to complete', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const cancel = vi.fn();
    const endpoint = new ScriptedEndpoint();
    const createTransfer = endpoint.createTransfer.bind(endpoint);
    endpoint.createTransfer = (onComplete) => ({ ...createTransfer(onComplete), cancel });
    const receiver = new Receiver(new MemorySink(), {
      depth: 2,
      transferSize: 1024,
      idleTimeout: 20,
    });
    void receiver.run(endpoint);
    vi.advanceTimersByTime(100);
    expect(cancel).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });

  it('is not silent in the run after a failure', async () => {
    const { endpoint, receiver, ended } = start({ idleTimeout: 20 });
    await cancelled(endpoint, 1);
    const [first, second] = endpoint.submissions;
    second?.complete('stall', 0);
    first?.complete('cancelled', 0);
    expect((await ended).reason).toBe('stall');
    void receiver.run(endpoint);
    expect(endpoint.submissions).toHaveLength(2);
    receiver.stop({ reason: 'interrupted' });
  });

  it('is not silent while a transfer that is not full has bytes', async () => {
    const { endpoint, sink, ended } = start({ idleTimeout: 20, depth: 1 });
    await cancelled(endpoint, 1);
    endpoint.submissions[0]?.complete('cancelled', 512);
    expect(endpoint.submissions).toHaveLength(1); // it continues
    await cancelled(endpoint, 2);
    endpoint.submissions[0]?.complete('cancelled', 0);
    expect((await ended).reason).toBe('idle');
    expect(sink.contents).toHaveLength(512);
  });

  it('is not silent when another transfer than the probed one is empty', async () => {
    const { endpoint, receiver, ended } = start({ idleTimeout: 20, timeout: 15 });
    await cancelled(endpoint, 2);
    const [first, second] = endpoint.submissions;
    await new Promise((resolve) => setTimeout(resolve, 20)); // both timeouts have passed
    second?.complete('cancelled', 0);
    expect(endpoint.submissions).toEqual([first]); // the second waits for it
    first?.complete('cancelled', 512);
    expect(endpoint.submissions).toHaveLength(2);
    receiver.stop({ reason: 'interrupted' });
    for (const submission of [...endpoint.submissions]) {
      submission.complete('cancelled', 0);
    }
    expect((await ended).reason).toBe('interrupted');
  });

  it('is silent even if single transfers time out and are resubmitted', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { endpoint, receiver, ended } = start({ idleTimeout: 60, timeout: 10, depth: 1 });
    for (let i = 0; i < 100; i += 1) {
      vi.advanceTimersByTime(1);
      for (const submission of endpoint.submissions.filter((candidate) => candidate.cancelled)) {
        submission.complete('cancelled', 0);
      }
    }
    expect((await ended).reason).toBe('idle');
    expect(receiver.statistics.statuses['timed-out']).toBeGreaterThan(1);
    vi.useRealTimers();
  });

  it('is silent although the write buffer is full, if a transfer in flight receives nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { endpoint, sink, receiver } = start({
      idleTimeout: 50,
      transferSize: 64 * 1024,
      writeBuffer: 1,
    });
    sink.held = true;
    while (endpoint.submissions.length > 1) {
      endpoint.submissions[0]?.complete('completed', 64 * 1024);
      await new Promise(setImmediate);
    }
    expect(receiver.statistics.timings.throttled.running).toBe(true);
    vi.advanceTimersByTime(40);
    sink.held = false;
    sink.release();
    expect(receiver.statistics.timings.throttled.running).toBe(false);
    vi.advanceTimersByTime(9);
    expect(endpoint.cancellations).toHaveLength(0);
    vi.advanceTimersByTime(1);
    expect(endpoint.cancellations).toHaveLength(1);
    vi.useRealTimers();
  });

  it('is not silent while the sink throttles the stream, nor right after', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { endpoint, sink, receiver } = start({
      idleTimeout: 50,
      depth: 1,
      transferSize: 64 * 1024,
      writeBuffer: 64 * 1024,
    });
    sink.held = true;
    while (endpoint.submissions.length > 0) {
      endpoint.submissions[0]?.complete('completed', 64 * 1024);
      await new Promise(setImmediate);
    }
    vi.advanceTimersByTime(120);
    sink.held = false;
    sink.release();
    expect(endpoint.submissions).toHaveLength(1);
    vi.advanceTimersByTime(45);
    expect(endpoint.cancellations).toHaveLength(0);
    vi.advanceTimersByTime(10);
    expect(endpoint.cancellations).toHaveLength(1);
    receiver.stop({ reason: 'interrupted' });
    endpoint.submissions[0]?.complete('cancelled', 0);
    vi.useRealTimers();
  });
});
