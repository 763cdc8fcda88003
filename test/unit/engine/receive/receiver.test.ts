import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type ReceiveOptions, Receiver } from '../../../../src/engine/receive/receiver.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import { UsbError } from '../../../../src/usb/errors.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';
import { ScriptedEndpoint, type Submission } from '../support/scripted-endpoint.js';

interface Fixture {
  readonly endpoint: ScriptedEndpoint;
  readonly sink: MemorySink;
  readonly receiver: Receiver;
  readonly ended: Promise<Outcome>;
}

function start(options: Partial<ReceiveOptions> = {}): Fixture {
  const endpoint = new ScriptedEndpoint();
  const sink = new MemorySink();
  const receiver = new Receiver(sink, { depth: 4, transferSize: 1024, ...options });
  return { endpoint, sink, receiver, ended: receiver.run(endpoint) };
}

/** Completes a submission with bytes that all have one value. */
function answer(
  submission: Submission | undefined,
  value: number,
  length = submission?.length ?? 0,
  status: TransferStatus = 'completed',
): void {
  submission?.buffer.fill(value, 0, length);
  submission?.complete(status, length);
}

/** Completes submissions while a turn of the event loop brings more; returns how many. */
async function answerAll(endpoint: ScriptedEndpoint, length: number): Promise<number> {
  let answered = 0;
  while (endpoint.submissions.length > 0) {
    while (endpoint.submissions.length > 0) {
      endpoint.submissions[0]?.complete('completed', length);
      answered += 1;
    }
    await new Promise(setImmediate);
  }
  return answered;
}

/** Completes what was cancelled as a drain does: in the order of cancelling. */
function drain({ endpoint }: Fixture, length = 0): void {
  for (const submission of [...endpoint.cancellations]) {
    answer(submission, 0xcc, length, 'cancelled');
  }
}

describe('Receiver', () => {
  it('submits nothing while its observer has no room', () => {
    const endpoint = new ScriptedEndpoint();
    let room = 1;
    const hasRoom = (): boolean => {
      room -= 1;
      return room >= 0;
    };
    const options = { depth: 4, transferSize: 1024 };
    void new Receiver(new MemorySink(), options, { hasRoom }).run(endpoint);
    expect(endpoint.requests).toEqual([1024]);
  });

  it('submits all transfers at once, and each again from its completion', () => {
    const { endpoint } = start();
    expect(endpoint.submissions).toHaveLength(4);
    answer(endpoint.submissions[0], 1);
    expect(endpoint.submissions).toHaveLength(4);
    expect(endpoint.requests).toHaveLength(5);
  });

  it('submits again while the sink is still writing, with another buffer', () => {
    const { endpoint, sink } = start({ depth: 1, transferSize: 64 * 1024 });
    sink.held = true;
    const first = endpoint.submissions[0];
    answer(first, 1);
    expect(endpoint.submissions).toHaveLength(1);
    expect(endpoint.submissions[0]?.buffer).not.toBe(first?.buffer);
  });

  it('writes even a few bytes when the event loop turns and nothing follows', async () => {
    const { endpoint, sink } = start();
    answer(endpoint.submissions[0], 7, 3);
    await new Promise(setImmediate);
    await new Promise(setImmediate); // the sink's own
    expect([...sink.contents]).toEqual([7, 7, 7]);
  });

  it('writes large blocks to a fast sink, small ones to a slow one', async () => {
    const transferSize = 256 * 1024;
    const { endpoint, sink } = start({ depth: 16, transferSize });
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    const turn = () => new Promise(setImmediate);
    const writes: number[] = [];
    const write = sink.write.bind(sink);
    sink.write = (buffers, done) => {
      writes.push(buffers.length);
      write(buffers, done);
    };
    sink.held = true;
    try {
      for (let i = 0; i < 40; i += 1) {
        answer(endpoint.submissions[0], i);
        await turn();
      }
      for (const milliseconds of [10, 10_000, 10]) {
        clock.mockReturnValue(performance.now() + milliseconds);
        sink.release();
        await turn();
      }
      const [first = 0, fast = 0, slow = 0] = writes;
      expect(first).toBeLessThanOrEqual(4);
      expect(fast).toBeGreaterThan(8);
      expect(slow).toBe(1);
    } finally {
      clock.mockRestore();
    }
  });

  it('submits no more than 1 MiB again before the event loop turns', async () => {
    const { endpoint } = start({ transferSize: 512 * 1024, depth: 8 });
    const submissions = [...endpoint.submissions];
    for (const submission of submissions) {
      answer(submission, 1);
    }
    expect(endpoint.submissions).toHaveLength(2);
    await new Promise(setImmediate);
    expect(endpoint.submissions).toHaveLength(8);
  });

  it.each([
    ['large', 8 * 1024 * 1024, 8 + 2],
    ['small', 1024, 64 * 1024 + 64 + 2],
  ])('pauses with 64 MiB of %s transfers buffered, loses nothing, and resumes when the sink does', async (_, transferSize, most) => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    const fixture = start({ depth: 2, transferSize });
    const { endpoint, sink, receiver } = fixture;
    sink.held = true;
    const answered = await answerAll(endpoint, transferSize).finally(() => clock.mockRestore());
    expect(answered).toBe(most);
    expect(receiver.statistics.timings).toMatchObject({
      minInFlight: 0,
      throttled: { count: 1, running: true },
      starved: { count: 1, running: true },
    });
    expect(receiver.statistics.bytesBufferedPeak).toBeGreaterThan(most * transferSize * 0.99);
    sink.held = false;
    while (endpoint.submissions.length < 2) {
      sink.release();
      await new Promise(setImmediate);
    }
    expect(receiver.statistics.timings).toMatchObject({
      throttled: { count: 1, running: false },
      starved: { count: 1, running: false },
    });
    receiver.stop({ reason: 'interrupted' });
    drain(fixture);
    expect((await fixture.ended).reason).toBe('interrupted');
    expect(sink.contents).toHaveLength(answered * transferSize);
  });

  it.each([
    ['after large ones', 1024 * 1024],
    ['alone', 512],
  ])('buffers short transfers without their own buffers, %s', async (_, transferSize) => {
    const { endpoint, sink, receiver } = start({
      depth: 2,
      transferSize,
      writeBuffer: 2 * 1024 * 1024,
    });
    sink.held = true;
    for (let i = 0; i < 10_000; i += 1) {
      answer(endpoint.submissions[0], i, 100);
      if (endpoint.submissions.length === 0) {
        await new Promise(setImmediate);
      }
    }
    expect(receiver.statistics.bytesBufferedPeak).toBe(1_000_000);
    expect(receiver.statistics.timings.throttled.count).toBe(0);
  });

  it('cancels newest first and writes cancelled bytes in order of submission', async () => {
    const fixture = start({ depth: 3 });
    const { endpoint, sink, receiver } = fixture;
    const [first, second, third] = endpoint.submissions;
    receiver.stop({ reason: 'interrupted' });
    expect(endpoint.cancellations).toEqual([third, second, first]);
    answer(third, 3, 0, 'cancelled');
    answer(second, 2, 512, 'cancelled');
    answer(first, 1, 1024, 'cancelled');
    expect(await fixture.ended).toEqual({ reason: 'interrupted' });
    expect(sink.contents).toEqual(Buffer.concat([Buffer.alloc(1024, 1), Buffer.alloc(512, 2)]));
    expect(receiver.statistics.statuses.cancelled).toBe(3);
    expect(receiver.statistics.pendingAtEnd).toBe(3);
  });

  it('counts as pending at the end only what the last run cancelled', async () => {
    const fixture = start({ depth: 3 });
    const { endpoint, receiver } = fixture;
    answer(endpoint.submissions[0], 1, 0, 'stall');
    drain(fixture);
    await fixture.ended;
    const again = receiver.run(endpoint);
    answer(endpoint.submissions[0], 1);
    receiver.stop({ reason: 'interrupted' });
    answer(endpoint.submissions.at(-1), 0, 0, 'cancelled');
    answer(endpoint.submissions.at(-1), 2);
    answer(endpoint.submissions.at(-1), 0, 0, 'cancelled');
    await again;
    expect(receiver.statistics.statuses.cancelled).toBe(4);
    expect(receiver.statistics.pendingAtEnd).toBe(2);
    await receiver.run(endpoint); // which a stopped receiver ends at once
    expect(receiver.statistics.pendingAtEnd).toBe(0);
  });

  it.each([
    'stall',
    'error',
    'overflow',
  ] as const)('keeps the bytes of a %s and ends', async (status) => {
    const fixture = start();
    answer(fixture.endpoint.submissions[0], 1);
    answer(fixture.endpoint.submissions[0], 2, 700, status);
    drain(fixture, 0);
    expect((await fixture.ended).reason).toBe(status);
    expect(fixture.sink.contents).toHaveLength(1024 + 700);
    expect(fixture.receiver.statistics.bytesSuspect).toBe(status === 'overflow' ? 700 : 0);
  });

  it('reports the place of each failure', async () => {
    const { endpoint, ended } = start({ depth: 2 });
    answer(endpoint.submissions[0], 1, 512, 'stall');
    answer(endpoint.submissions[0], 2, 100, 'error');
    expect(await ended).toMatchObject({
      reason: 'stall',
      offset: 512,
      failures: [
        { reason: 'stall', offset: 512 },
        { reason: 'error', offset: 612 },
      ],
    });
  });

  it('ends as device-lost when errors turn out to be an unplug', async () => {
    const { endpoint, ended } = start({ depth: 2 });
    answer(endpoint.submissions[0], 0, 0, 'error');
    answer(endpoint.submissions[0], 0, 0, 'no-device');
    expect((await ended).reason).toBe('device-lost');
  });

  it('requests no more than is left, in whole packets, and discards bytes after the limit', async () => {
    const { endpoint, sink, receiver, ended } = start({ bytes: 2500 });
    expect(endpoint.requests).toEqual([1024, 1024, 512]);
    for (const value of [1, 2, 3]) {
      answer(endpoint.submissions[0], value);
    }
    expect((await ended).reason).toBe('limit');
    expect(sink.contents).toHaveLength(2500);
    expect(receiver.statistics.bytesDiscarded).toBe(60);
    expect(receiver.statistics.shortTransfers).toBe(0);
  });

  it('requests again what short packets left out', async () => {
    const { endpoint, sink, ended } = start({ bytes: 1024, depth: 4 });
    expect(endpoint.requests).toEqual([1024]);
    answer(endpoint.submissions[0], 1, 100);
    answer(endpoint.submissions[0], 2, 0);
    answer(endpoint.submissions[0], 3, 924);
    expect((await ended).reason).toBe('limit');
    expect(sink.contents).toHaveLength(1024);
    expect(endpoint.requests).toEqual([1024, 1024, 1024]);
  });

  it('skips the first bytes, in addition to the limit', async () => {
    const { endpoint, sink, receiver, ended } = start({ bytes: 1000, skip: 1100 });
    expect(endpoint.requests).toEqual([1024, 1024, 512]);
    for (const value of [1, 2, 3]) {
      answer(endpoint.submissions[0], value);
    }
    expect((await ended).reason).toBe('limit');
    expect(sink.contents).toEqual(Buffer.concat([Buffer.alloc(948, 2), Buffer.alloc(52, 3)]));
    expect(receiver.statistics).toMatchObject({ bytesSkipped: 1100, bytesDiscarded: 460 });
  });

  it('skips the first bytes of a transfer, not the last', async () => {
    const { endpoint, sink, ended } = start({ bytes: 1000, skip: 24, depth: 1 });
    counterBytes(0, 1024).copy(endpoint.submissions[0]?.buffer ?? Buffer.alloc(0));
    endpoint.submissions[0]?.complete('completed', 1024);
    await ended;
    expect(sink.contents.equals(counterBytes(24, 1000))).toBe(true);
  });

  it('counts transfers with data, and never has more in flight than are left', async () => {
    const { endpoint, sink, ended } = start({ count: 3, depth: 2 });
    answer(endpoint.submissions[0], 1, 0);
    answer(endpoint.submissions[0], 2, 10);
    answer(endpoint.submissions[0], 3, 20);
    expect(endpoint.submissions).toHaveLength(1);
    answer(endpoint.submissions[0], 4, 30);
    expect((await ended).reason).toBe('limit');
    expect(sink.contents).toHaveLength(60);
  });

  it.each([
    100, 0,
  ])('ends a message at a packet of %i bytes, and requests nothing after it', async (length) => {
    const { endpoint, sink, ended } = start({ untilShort: true, depth: 8 });
    answer(endpoint.submissions[0], 1);
    expect(endpoint.submissions).toHaveLength(1);
    answer(endpoint.submissions[0], 2, length);
    expect((await ended).reason).toBe('limit');
    expect(endpoint.requests).toHaveLength(2);
    expect(sink.contents).toHaveLength(1024 + length);
  });

  it('does not end a message at a transfer that timed out', () => {
    const { endpoint, receiver } = start({ untilShort: true, timeout: 60_000 });
    answer(endpoint.submissions[0], 1, 512, 'timed-out');
    expect(endpoint.submissions).toHaveLength(1);
    receiver.stop({ reason: 'interrupted' });
  });

  it('continues with fewer transfers when the system has no memory for all', async () => {
    const shrunk: number[] = [];
    const endpoint = new ScriptedEndpoint();
    const sink = new MemorySink();
    const receiver = new Receiver(sink, {
      depth: 8,
      transferSize: 1024,
      bytes: 20 * 1024,
      onShrink: (depth) => shrunk.push(depth),
    });
    endpoint.room = 3;
    const ended = receiver.run(endpoint);
    expect(endpoint.submissions).toHaveLength(3);
    endpoint.room = 2;
    while (endpoint.submissions.length > 0) {
      answer(endpoint.submissions[0], 1);
    }
    expect((await ended).reason).toBe('limit');
    expect(sink.contents).toHaveLength(20 * 1024);
    expect(shrunk).toEqual([3]);
  });

  it('runs again after a gap, and still keeps to its limit', async () => {
    const fixture = start({ bytes: 4096, depth: 2 });
    const { endpoint, sink, receiver } = fixture;
    answer(endpoint.submissions[0], 1);
    answer(endpoint.submissions[0], 2, 512, 'stall');
    drain(fixture, 0);
    expect((await fixture.ended).reason).toBe('stall');
    endpoint.requests.length = 0;
    const again = receiver.run(endpoint);
    while (endpoint.submissions.length > 0) {
      answer(endpoint.submissions[0], 3);
    }
    expect((await again).reason).toBe('limit');
    expect(endpoint.requests).toEqual([1024, 1024, 512]);
    expect(sink.contents).toHaveLength(4096);
  });

  it('ends at once when it runs again after a stop or at its limit', async () => {
    const fixture = start({ bytes: 1024, depth: 1 });
    answer(fixture.endpoint.submissions[0], 1, 1024, 'stall');
    expect((await fixture.ended).reason).toBe('stall');
    expect((await fixture.receiver.run(fixture.endpoint)).reason).toBe('limit');
    fixture.receiver.stop({ reason: 'interrupted' });
    expect((await fixture.receiver.run(fixture.endpoint)).reason).toBe('interrupted');
    expect(fixture.endpoint.requests).toHaveLength(1);
  });

  it('accounts for the bytes that a failed sink did not take', async () => {
    const fixture = start();
    fixture.sink.capacity = 1500;
    for (const value of [1, 2, 3]) {
      answer(fixture.endpoint.submissions[0], value);
    }
    while (fixture.endpoint.cancellations.length === 0) {
      await new Promise(setImmediate);
    }
    drain(fixture, 512);
    expect(await fixture.ended).toMatchObject({ reason: 'output-failed' });
    const { statistics } = fixture.receiver;
    expect(statistics.bytesWritten).toBe(1500);
    expect(statistics.bytesReceived).toBe(statistics.bytesWritten + statistics.bytesUnwritten);
  });

  it('writes nothing after the sink has failed, and accounts for all waiting bytes', async () => {
    const transferSize = 64 * 1024;
    const fixture = start({ transferSize });
    const { endpoint, sink, receiver } = fixture;
    sink.held = true;
    sink.capacity = 100;
    for (let i = 0; i < 40; i += 1) {
      answer(endpoint.submissions[0], i);
      await new Promise(setImmediate);
    }
    const write = vi.spyOn(sink, 'write');
    sink.release(); // of the first write; the others wait
    drain(fixture, 512);
    expect((await fixture.ended).reason).toBe('output-failed');
    expect(write).not.toHaveBeenCalled();
    const { bytesReceived, bytesWritten, bytesUnwritten } = receiver.statistics;
    expect(bytesReceived).toBe(40 * transferSize + 4 * 512);
    expect([bytesWritten, bytesUnwritten]).toEqual([100, bytesReceived - 100]);
  });

  it.each([
    ['a closed pipe', 'EPIPE'],
    ['a connection that was reset', 'ECONNRESET'],
  ])('treats %s as a clean end', async (_, code) => {
    const fixture = start();
    fixture.sink.capacity = 0;
    fixture.sink.failure = Object.assign(new Error('reader gone'), { code });
    answer(fixture.endpoint.submissions[0], 1);
    while (fixture.endpoint.cancellations.length === 0) {
      await new Promise(setImmediate);
    }
    drain(fixture);
    expect((await fixture.ended).reason).toBe('reader-closed');
  });

  it('reports an output that fails during the drain of a clean end', async () => {
    const fixture = start({ bytes: 1024, depth: 1 });
    fixture.sink.capacity = 10;
    answer(fixture.endpoint.submissions[0], 1);
    expect((await fixture.ended).reason).toBe('output-failed');
  });

  it.each([
    ['no-device', 'device-lost'],
    ['io', 'submit-failed'],
  ] as const)('ends a submit refused with %s as %s', async (code, reason) => {
    const fixture = start();
    fixture.endpoint.refusals.push(new UsbError(code, 'refused'));
    answer(fixture.endpoint.submissions[0], 7);
    expect(fixture.endpoint.requests).toHaveLength(4);
    drain(fixture);
    expect((await fixture.ended).reason).toBe(reason);
    expect(fixture.sink.contents).toHaveLength(1024);
  });

  it('fails without memory for a single transfer', async () => {
    const endpoint = new ScriptedEndpoint();
    endpoint.room = 0;
    const receiver = new Receiver(new MemorySink(), { depth: 4, transferSize: 1024 });
    expect(await receiver.run(endpoint)).toMatchObject({
      reason: 'submit-failed',
      cause: { code: 'no-memory' },
    });
  });

  it('says of each run what failed and whether the endpoint is halted', async () => {
    const endpoint = new ScriptedEndpoint();
    const receiver = new Receiver(new MemorySink(), { depth: 1, transferSize: 1024 });
    const runs: [TransferStatus, number][] = [
      ['stall', 10],
      ['error', 0],
      ['overflow', 20],
    ];
    const ends: Outcome[] = [];
    for (const [status, length] of runs) {
      const ended = receiver.run(endpoint);
      answer(endpoint.submissions[0], 1, length, status);
      ends.push(await ended);
    }
    expect(ends).toMatchObject([
      { isHalted: true, failures: [{ reason: 'stall', offset: 10 }] },
      { isHalted: false, failures: [{ reason: 'error', offset: 10 }] },
      { isHalted: false, failures: [{ reason: 'overflow', offset: 30 }] },
    ]);
    expect(ends.map(({ failures }) => failures?.length)).toEqual([1, 1, 1]);
  });

  it.each<[TransferStatus, number, cancelKeepsData: boolean, lossOffset: number | undefined]>([
    ['cancelled', 100, false, 1124],
    ['timed-out', 0, false, 1024],
    ['cancelled', 100, true, undefined],
    ['cancelled', 1024, false, undefined], // all of it, so nothing is missing
    ['stall', 100, false, undefined],
    ['completed', 100, false, undefined],
  ])('knows where a cancel may have lost data: %s after %d bytes, cancelKeepsData %s', async (status, length, cancelKeepsData, lossOffset) => {
    const endpoint = new ScriptedEndpoint();
    endpoint.cancelKeepsData = cancelKeepsData;
    const receiver = new Receiver(new MemorySink(), { depth: 1, transferSize: 1024 });
    const ended = receiver.run(endpoint);
    answer(endpoint.submissions[0], 1);
    receiver.stop({ reason: 'interrupted' });
    answer(endpoint.submissions[0], 2, length, status);
    await ended;
    expect(receiver.statistics.lossOffset).toBe(lossOffset);
  });

  it('knows the first place where a cancel may have lost data', async () => {
    const endpoint = new ScriptedEndpoint();
    endpoint.cancelKeepsData = false;
    const receiver = new Receiver(new MemorySink(), { depth: 2, transferSize: 1024 });
    const ended = receiver.run(endpoint);
    receiver.stop({ reason: 'interrupted' });
    for (const submission of [...endpoint.cancellations]) {
      answer(submission, 1, 10, 'cancelled');
    }
    await ended;
    expect(receiver.statistics.lossOffset).toBe(10);
  });

  it('is throttled when small transfers fill the write buffer, and loses none of them', async () => {
    const { endpoint, sink, receiver } = start({ depth: 2, transferSize: 512, writeBuffer: 1 });
    sink.held = true;
    const answered = await answerAll(endpoint, 512);
    expect(receiver.statistics.timings.throttled.running).toBe(true);
    sink.held = false;
    while (sink.contents.length < answered * 512) {
      sink.release();
      await new Promise(setImmediate);
    }
    expect(endpoint.submissions).toHaveLength(2);
  });

  it('is not throttled while completed transfers wait for an earlier one', () => {
    const { endpoint, receiver } = start({ depth: 3 });
    answer(endpoint.submissions[1], 1);
    answer(endpoint.submissions[1], 1);
    expect(endpoint.submissions).toHaveLength(1);
    expect(receiver.statistics.timings.throttled.count).toBe(0);
  });

  it('does not run again with a sink that failed', async () => {
    const fixture = start({ depth: 1 });
    fixture.sink.capacity = 100;
    answer(fixture.endpoint.submissions[0], 1, 512, 'stall');
    expect((await fixture.ended).reason).toBe('stall');
    expect((await fixture.receiver.run(fixture.endpoint)).reason).toBe('output-failed');
    expect(fixture.endpoint.requests).toHaveLength(1);
  });

  it.each([
    [0, 4],
    [20, 3], // after a pause, the write comes before the next submission
  ])('treats a sink that throws %i ms after the start like one that fails', async (pause, cancelled) => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const fixture = start();
    fixture.sink.write = () => {
      throw new Error('bug');
    };
    clock.mockReturnValue(1000 + pause);
    answer(fixture.endpoint.submissions[0], 1);
    clock.mockRestore();
    while (fixture.endpoint.cancellations.length === 0) {
      await new Promise(setImmediate);
    }
    drain(fixture, 512);
    expect(await fixture.ended).toMatchObject({
      reason: 'output-failed',
      cause: { message: 'bug' },
    });
    expect(fixture.receiver.statistics.bytesUnwritten).toBe(1024 + cancelled * 512);
  });

  it.each([
    ['throws', 'output-failed', 0],
    ['calls back at once', 'limit', 1024],
  ])('ends once if its only transfer completes after a pause and the sink %s', async (how, reason, written) => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const fixture = start({ depth: 1, bytes: 1024 });
    fixture.sink.write = (_, done) => {
      if (how === 'throws') {
        throw new Error('bug');
      }
      done(undefined, 1024);
    };
    clock.mockReturnValue(1020);
    answer(fixture.endpoint.submissions[0], 1);
    clock.mockRestore();
    expect((await fixture.ended).reason).toBe(reason);
    const { bytesWritten, bytesUnwritten } = fixture.receiver.statistics;
    expect([bytesWritten, bytesUnwritten]).toEqual([written, 1024 - written]);
  });

  it('continues with the buffers that there is memory for', async () => {
    const allocate = vi
      .spyOn(Buffer, 'allocUnsafeSlow')
      .mockImplementationOnce((size) => Buffer.alloc(size));
    const size = 64 * 1024;
    const { endpoint, sink, ended } = (() => {
      const fixture = start({ depth: 1, transferSize: size, bytes: 3 * size });
      allocate.mockImplementation(() => {
        throw new RangeError('Array buffer allocation failed');
      });
      return fixture;
    })();
    try {
      for (const value of [1, 2, 3]) {
        while (endpoint.submissions.length === 0) {
          await new Promise(setImmediate);
        }
        answer(endpoint.submissions[0], value);
      }
      expect((await ended).reason).toBe('limit');
    } finally {
      allocate.mockRestore();
    }
    expect(sink.contents).toHaveLength(3 * size);
  });

  it('writes what arrived before a submit that throws', async () => {
    const { endpoint, sink, receiver, ended } = start({ depth: 1, transferSize: 64 * 1024 });
    vi.spyOn(receiver.statistics.timings, 'submitted').mockImplementationOnce(() => {
      throw new Error('bug');
    });
    answer(endpoint.submissions[0], 1);
    answer(endpoint.submissions[0], 0, 0, 'cancelled');
    expect(await ended).toMatchObject({ reason: 'internal', cause: { message: 'bug' } });
    expect(sink.contents).toHaveLength(64 * 1024);
  });

  it('accounts for every byte when statistics throw', async () => {
    const fixture = start();
    const { receiver, sink } = fixture;
    vi.spyOn(receiver.statistics.timings.data, 'ended').mockImplementationOnce(() => {
      throw new Error('bug');
    });
    answer(fixture.endpoint.submissions[0], 1);
    drain(fixture);
    expect(await fixture.ended).toMatchObject({ reason: 'internal' });
    expect(sink.contents).toHaveLength(1024);
  });

  it('ends as internal when a completion throws', async () => {
    const fixture = start();
    const { endpoint, receiver } = fixture;
    vi.spyOn(receiver.statistics, 'count').mockImplementationOnce(() => {
      throw new Error('bug');
    });
    answer(endpoint.submissions[0], 1);
    drain(fixture);
    expect(await fixture.ended).toMatchObject({ reason: 'internal', cause: { message: 'bug' } });
  });

  it.each([
    { depth: 0 },
    { depth: 1.5 },
    { transferSize: 0 },
    { bytes: 0 },
    { bytes: Number.NaN },
    { skip: -1 },
    { count: 0 },
  ])('refuses %o', (options) => {
    expect(() => start(options)).toThrow(RangeError);
  });

  it('refuses transfers smaller than a packet, and rounds others down to whole packets', async () => {
    await expect(start({ transferSize: 511 }).ended).rejects.toThrow(RangeError);
    expect(start({ transferSize: 1500 }).endpoint.requests).toEqual([1024, 1024, 1024, 1024]);
  });

  it('writes every received byte in order of submission, for every status', async () => {
    const step = fc.record({
      pick: fc.nat(),
      packets: fc.integer({ min: 0, max: 4 }),
      ragged: fc.integer({ min: 0, max: 511 }),
      held: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          depth: fc.integer({ min: 1, max: 9 }),
          steps: fc.array(step, { maxLength: 60 }),
          bytes: fc.option(fc.integer({ min: 1, max: 60_000 }), { nil: undefined }),
          last: fc.constantFrom<TransferStatus>('completed', 'stall', 'error', 'overflow'),
          capacity: fc.option(fc.nat(40_000), { nil: undefined }),
          // Copied together, and written from their own buffers.
          transferSize: fc.constantFrom(2048, 16_384),
          writeBuffer: fc.constantFrom(1, 20_000, 1_000_000),
        }),
        async ({ depth, steps, bytes, last, capacity, transferSize, writeBuffer }) => {
          const fixture = start({ depth, transferSize, bytes, writeBuffer });
          const { endpoint, sink, receiver } = fixture;
          sink.capacity = capacity ?? sink.capacity;
          const sent: Buffer[] = [];
          const order = new Map<Submission, number>();
          const number = (): void => {
            for (const submission of endpoint.submissions) {
              if (!order.has(submission)) {
                order.set(submission, order.size);
              }
            }
          };
          let counter = 0;
          const reply = (submission: Submission, length: number, status: TransferStatus): void => {
            for (let i = 0; i < length; i += 1) {
              submission.buffer[i] = counter++ & 0xff;
            }
            sent[order.get(submission) ?? 0] = Buffer.from(submission.buffer.subarray(0, length));
            const limit = bytes ?? Number.POSITIVE_INFINITY;
            submission.complete(status, length);
            const asked = endpoint.submissions.reduce((sum, { length: n }) => sum + n, 0);
            expect(receiver.statistics.bytesReceived + asked).toBeLessThan(limit + 512);
          };
          for (const { pick, packets, ragged, held } of steps) {
            sink.held = held;
            if (!held) {
              sink.release();
            }
            number();
            const submission =
              endpoint.submissions[pick % Math.max(1, endpoint.submissions.length)];
            if (submission === undefined) {
              continue; // the write buffer is full
            }
            if (submission.cancelled) {
              break;
            }
            const length = packets * (transferSize / 4) + ragged;
            reply(submission, Math.min(submission.length, length), 'completed');
            if (pick % 3 === 0) {
              await new Promise(setImmediate);
            }
          }
          number();
          const [oldest] = endpoint.submissions;
          if (oldest !== undefined && last !== 'completed') {
            reply(oldest, Math.min(oldest.length, 512), last);
          }
          receiver.stop({ reason: 'interrupted' });
          sink.held = false;
          sink.release();
          number();
          for (const submission of [...endpoint.cancellations]) {
            if (endpoint.submissions.includes(submission)) {
              reply(submission, Math.min(submission.length, 100), 'cancelled');
            }
          }
          await fixture.ended;
          const stream = Buffer.concat(sent.filter((chunk) => chunk !== undefined));
          const { statistics } = receiver;
          expect(sink.contents.equals(stream.subarray(0, statistics.bytesWritten))).toBe(true);
          expect(statistics.bytesReceived).toBe(stream.length);
          expect(statistics.bytesReceived).toBe(
            statistics.bytesWritten + statistics.bytesDiscarded + statistics.bytesUnwritten,
          );
          expect(statistics.bytesWritten).toBe(
            Math.min(stream.length, bytes ?? stream.length, sink.capacity),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
