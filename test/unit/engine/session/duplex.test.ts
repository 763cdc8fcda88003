import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Duplex, type DuplexOptions } from '../../../../src/engine/session/duplex.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';
import { MemorySource } from '../support/memory-source.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

const CLOSED = Object.assign(new Error('closed'), { code: 'EPIPE' });

class Fixture {
  readonly in = new ScriptedEndpoint();
  readonly out = new ScriptedEndpoint();
  readonly source: MemorySource;
  readonly sink = new MemorySink();
  readonly streams: Duplex;
  end: Outcome | undefined;
  readonly ended: Promise<Outcome>;

  constructor(input: MemorySource, options: Partial<DuplexOptions> = {}) {
    this.source = input;
    this.streams = new Duplex({
      source: input,
      sink: this.sink,
      receive: { depth: 2, transferSize: 1024 },
      send: { depth: 2, transferSize: 1024, prompt: true },
      linger: 30,
      ...options,
    });
    this.ended = this.streams.run(this.in, this.out).then((end) => {
      this.end = end;
      return end;
    });
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 30; i += 1) {
      await turn();
    }
  }

  /** Completes all OUT transfers. */
  async takeAll(): Promise<void> {
    await this.settle();
    while (this.out.submissions.length > 0) {
      const [submission] = this.out.submissions;
      submission?.complete('completed', submission.length);
      await this.settle();
    }
  }

  /** Completes an IN transfer with this many bytes. */
  reply(bytes: number): void {
    this.in.submissions[0]?.complete('completed', bytes);
  }

  /** Completes cancelled transfers until the run has ended. */
  async drained(): Promise<Outcome> {
    while (this.end === undefined) {
      await sleep(1);
      for (const endpoint of [this.in, this.out]) {
        for (const submission of [...endpoint.submissions].reverse()) {
          if (submission.cancelled) {
            submission.complete('cancelled', 0);
          }
        }
      }
    }
    return this.end;
  }
}

function held(...chunks: Buffer[]): MemorySource {
  const source = new MemorySource(...chunks);
  source.held = true;
  return source;
}

/** A linger time that no other timer has, in milliseconds. */
const LINGER = 54_321;

/** The number of timers that wait for `LINGER`, or for what remains of it. */
function lingers(calls: readonly (readonly unknown[])[]): number {
  return calls.filter(([, delay]) => Number(delay) > LINGER - 4_000 && Number(delay) <= LINGER)
    .length;
}

describe('Duplex', () => {
  it('records a failed reception as a gap if more bytes follow it', async () => {
    const fixture = new Fixture(held(), { receive: { depth: 3, transferSize: 1024 } });
    await fixture.settle();
    const [first, second, third] = [...fixture.in.submissions];
    first?.complete('error', 100);
    third?.complete('cancelled', 0);
    second?.complete('cancelled', 200);
    const end = await fixture.drained();
    fixture.streams.record(end);
    const { in: received, out: sent } = fixture.streams.statistics;
    expect(received.gaps).toMatchObject([{ offset: 100, cause: 'error' }]);
    expect([received.failures.error, sent.failures.error]).toEqual([1, 0]);
  });

  it('counts the loss of the device in each direction in which transfers failed', async () => {
    const fixture = new Fixture(new MemorySource(counterBytes(0, 3000)));
    await fixture.settle();
    for (const { submissions } of [fixture.in, fixture.out]) {
      for (const submission of [...submissions]) {
        submission.complete('error', 0);
      }
    }
    fixture.streams.record({ ...(await fixture.drained()), reason: 'device-lost' });
    const { in: received, out: sent } = fixture.streams.statistics;
    const lost = { stall: 0, error: 0, overflow: 0, 'device-lost': 1, 'device-reset': 0 };
    expect([received.failures, sent.failures]).toEqual([lost, lost]);
    expect(received.gapCount).toBe(0);
  });

  it('records a reset as a gap, and as a failure of both directions', async () => {
    const fixture = new Fixture(new MemorySource(counterBytes(0, 3000)));
    await fixture.settle();
    fixture.in.submissions[0]?.complete('completed', 100);
    fixture.streams.stop({ reason: 'interrupted' });
    const end = await fixture.drained();
    const failures = [{ reason: 'device-reset', offset: 50 }] as const;
    fixture.streams.record({ ...end, reason: 'device-reset', failures });
    const { in: received, out: sent } = fixture.streams.statistics;
    expect(received.gaps).toMatchObject([{ offset: 50, cause: 'device-reset' }]);
    expect([received.failures, sent.failures].map((all) => all['device-reset'])).toEqual([1, 1]);
  });

  it('counts the failures of each direction, however the run ended', async () => {
    const fixture = new Fixture(held());
    await fixture.settle();
    fixture.in.submissions[0]?.complete('error', 0);
    await fixture.drained();
    fixture.streams.record({ reason: 'interrupted' });
    expect(fixture.streams.statistics.in.failures.error).toBe(1);
  });

  it('receives, but sends no data, until `begin` has resolved', async () => {
    const [incoming, outgoing] = [new ScriptedEndpoint(), new ScriptedEndpoint()];
    const streams = new Duplex({
      source: new MemorySource(counterBytes(0, 3000)),
      sink: new MemorySink(),
      receive: { depth: 2, transferSize: 1024 },
      send: { depth: 2, transferSize: 1024 },
      linger: 30,
    });
    let begun: (failure: Outcome | undefined) => void = () => {};
    const ended = streams.run(incoming, outgoing, () => new Promise((done) => (begun = done)));
    await sleep(10);
    expect([incoming.submissions.length, outgoing.submissions.length]).toEqual([2, 0]);
    begun({ reason: 'request-failed' });
    for (let i = 0; i < 30; i += 1) {
      await turn(); // time to read the input
    }
    for (const submission of [...incoming.submissions]) {
      submission.complete('cancelled', 0);
    }
    expect(await ended).toMatchObject({ reason: 'request-failed' });
    expect(outgoing.requests).toEqual([]);
  });

  it('waits for replies after the end of the input, and ends after the linger time', async () => {
    const fixture = new Fixture(new MemorySource(counterBytes(0, 3000)));
    await fixture.takeAll();
    expect(fixture.end).toBeUndefined();
    fixture.reply(700);
    await fixture.settle();
    expect(fixture.end).toBeUndefined();
    expect(await fixture.drained()).toEqual({ reason: 'input-ended' });
    expect(fixture.sink.contents).toHaveLength(700);
    expect(fixture.streams.position).toBe(700);
    expect(fixture.streams.statistics.out.bytesAccepted).toBe(3000);
  });

  it('waits for replies after the limit of the input', async () => {
    const send = { depth: 2, transferSize: 1024, bytes: 1500 };
    const fixture = new Fixture(new MemorySource(counterBytes(0, 3000)), { send });
    await fixture.takeAll();
    expect(fixture.end).toBeUndefined();
    expect(fixture.in.cancellations).toEqual([]);
    fixture.reply(700);
    expect(await fixture.drained()).toEqual({ reason: 'limit' });
    expect(fixture.sink.contents).toHaveLength(700);
  });

  it('reports a failure to receive after all of the input is sent', async () => {
    const fixture = new Fixture(new MemorySource(counterBytes(0, 10)), { linger: 60_000 });
    await fixture.takeAll();
    fixture.in.submissions[0]?.complete('stall', 0);
    expect((await fixture.drained()).reason).toBe('stall');
    expect(fixture.streams.failedDirection).toBe('in');
  });

  it('counts all of the time until another end than the linger time', async () => {
    const fixture = new Fixture(held(), { linger: 60_000 });
    await fixture.settle();
    fixture.streams.stop({ reason: 'interrupted' });
    await fixture.drained();
    const { startedAt, endedAt } = fixture.streams.statistics.in;
    expect(endedAt).toBeGreaterThan(startedAt);
  });

  it('counts the time until the last reply', async () => {
    const fixture = new Fixture(new MemorySource(), { linger: 5 });
    await fixture.settle();
    const now = performance.now();
    fixture.reply(700);
    await fixture.drained();
    expect(fixture.streams.statistics.in.endedAt).toBeGreaterThanOrEqual(now);
  });

  it('does not count the linger time in the duration', async () => {
    const begun = performance.now();
    const fixture = new Fixture(new MemorySource(), { linger: 200 });
    await fixture.drained();
    const milliseconds = performance.now() - begun;
    expect(fixture.streams.statistics.in.seconds).toBeLessThanOrEqual((milliseconds - 200) / 1000);
  });

  it('does not end while the input is open, however long the device sends nothing', async () => {
    const fixture = new Fixture(held(), { linger: 5 });
    await sleep(40);
    expect(fixture.end).toBeUndefined();
    fixture.source.held = false;
    fixture.source.release();
    expect(await fixture.drained()).toEqual({ reason: 'input-ended' });
  });

  it('has no linger limit if it is Infinity', async () => {
    const linger = Number.POSITIVE_INFINITY;
    const fixture = new Fixture(new MemorySource(), { linger });
    await sleep(40);
    expect(fixture.end).toBeUndefined();
    fixture.streams.stop({ reason: 'interrupted' });
    expect(await fixture.drained()).toEqual({ reason: 'interrupted' });
  });

  it('sends the input to its end when the reader of the output is gone, and says so', async () => {
    const source = held();
    const onOutputClosed = vi.fn();
    const fixture = new Fixture(source, { onOutputClosed });
    fixture.sink.capacity = 100;
    fixture.sink.failure = CLOSED;
    fixture.reply(300);
    await fixture.settle();
    expect(fixture.end).toBeUndefined();
    expect(fixture.in.submissions).toHaveLength(2); // the device can go on talking
    expect(onOutputClosed).toHaveBeenCalledOnce();
    source.held = false;
    source.push(counterBytes(0, 5000));
    await fixture.takeAll();
    fixture.reply(200);
    expect(await fixture.drained()).toMatchObject({
      reason: 'reader-closed',
      at: expect.any(Number),
    });
    const { in: received, out: sent } = fixture.streams.statistics;
    expect(sent.bytesAccepted).toBe(5000);
    expect([received.bytesWritten, received.bytesUnwritten]).toEqual([
      100,
      received.bytesReceived - 100,
    ]);
  });

  it('reports a stop after the reader of the output is gone, and that it is gone', async () => {
    const fixture = new Fixture(held());
    fixture.sink.capacity = 0;
    fixture.sink.failure = CLOSED;
    fixture.reply(300);
    await fixture.settle();
    fixture.streams.stop({ reason: 'interrupted' });
    expect(await fixture.drained()).toEqual({ reason: 'interrupted', readerClosed: true });
  });

  it('does not announce a reader that goes away after a stop', async () => {
    const onOutputClosed = vi.fn();
    const fixture = new Fixture(held(), { onOutputClosed });
    fixture.sink.held = true;
    fixture.reply(300);
    await fixture.settle();
    fixture.streams.stop({ reason: 'interrupted' });
    fixture.sink.capacity = 0;
    fixture.sink.failure = CLOSED;
    fixture.sink.release();
    expect(await fixture.drained()).toEqual({ reason: 'interrupted', readerClosed: true });
    expect(onOutputClosed).not.toHaveBeenCalled();
  });

  it('reports that the time is over, although the reader of the output is gone', async () => {
    const fixture = new Fixture(held());
    fixture.sink.capacity = 0;
    fixture.sink.failure = CLOSED;
    fixture.reply(300);
    await fixture.settle();
    fixture.streams.stop({ reason: 'duration' });
    expect(await fixture.drained()).toEqual({ reason: 'duration' });
  });

  it('ends at once when the reader goes away after the end of the input', async () => {
    const fixture = new Fixture(new MemorySource(counterBytes(0, 10)), { linger: 60_000 });
    await fixture.takeAll();
    fixture.sink.capacity = 0;
    fixture.sink.failure = CLOSED;
    fixture.reply(300);
    expect(await fixture.drained()).toMatchObject({
      reason: 'reader-closed',
      at: expect.any(Number),
    });
  });

  it('ends both directions at a limit of received bytes', async () => {
    const fixture = new Fixture(held(), { receive: { depth: 2, transferSize: 1024, bytes: 512 } });
    await fixture.settle();
    fixture.reply(512);
    expect(await fixture.drained()).toEqual({ reason: 'limit' });
  });

  it('does not report a limit when the reader did not get all bytes', async () => {
    const fixture = new Fixture(held(), { receive: { depth: 2, transferSize: 1024, bytes: 512 } });
    fixture.sink.capacity = 100;
    fixture.sink.failure = CLOSED;
    await fixture.settle();
    fixture.reply(512);
    expect(await fixture.drained()).toMatchObject({
      reason: 'reader-closed',
      at: expect.any(Number),
    });
  });

  it.each([
    ['in', 'stall'],
    ['out', 'stall'],
    ['in', 'error'],
    ['out', 'error'],
  ] as const)('ends both directions when %s ends with %s, and names it', async (direction, status) => {
    const fixture = new Fixture(new MemorySource(counterBytes(0, 8000)));
    await fixture.settle();
    fixture[direction].submissions[0]?.complete(status, 0);
    expect((await fixture.drained()).reason).toBe(status);
    expect(fixture.streams.failedDirection).toBe(direction);
    const { bytesRead, bytesAccepted, bytesUnsent } = fixture.streams.statistics.out;
    expect(bytesAccepted + bytesUnsent).toBe(bytesRead);
  });

  it('ends both directions when the output fails', async () => {
    const fixture = new Fixture(held());
    fixture.sink.capacity = 0;
    fixture.reply(300);
    expect((await fixture.drained()).reason).toBe('output-failed');
    expect(fixture.streams.failedDirection).toBe('in');
  });

  it('ends both directions when the input fails, after sending the bytes before', async () => {
    const source = new MemorySource(counterBytes(0, 1500));
    source.failure = new Error('EIO');
    const fixture = new Fixture(source);
    await fixture.takeAll();
    expect((await fixture.drained()).reason).toBe('input-failed');
    expect(fixture.streams.statistics.out.bytesAccepted).toBe(1500);
  });

  it('names no direction for a failure outside of both', async () => {
    const fixture = new Fixture(held());
    await fixture.settle();
    fixture.streams.stop({ reason: 'request-failed', cause: new Error('stall') });
    expect((await fixture.drained()).reason).toBe('request-failed');
    expect(fixture.streams.failedDirection).toBeUndefined();
  });

  it('drains one direction when the other cannot run', async () => {
    const receive = { depth: 2, transferSize: 100 }; // less than a packet
    const fixture = new Fixture(new MemorySource(counterBytes(0, 8000)), { receive });
    expect(await fixture.drained()).toMatchObject({ reason: 'internal' });
    await fixture.settle();
    expect(fixture.out.submissions).toHaveLength(0);
    expect(fixture.streams.failedDirection).toBe('in');
  });

  it('waits for the linger time with a timer', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const fixture = new Fixture(new MemorySource(counterBytes(0, 10)), { linger: LINGER });
    await fixture.settle();
    await fixture.takeAll();
    expect(lingers(timers.mock.calls)).toBeGreaterThan(0);
    timers.mockRestore();
    fixture.in.submissions[0]?.complete('error', 0);
    await fixture.drained();
  });

  it('leaves no timer when both directions end in one turn', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const fixture = new Fixture(new MemorySource(counterBytes(0, 10)), { linger: LINGER });
    await fixture.settle();
    fixture.out.submissions[0]?.complete('completed', 10);
    const [first, second] = fixture.in.submissions;
    first?.complete('error', 0);
    second?.complete('cancelled', 0);
    await fixture.settle();
    expect(fixture.end?.reason).toBe('error');
    expect(lingers(timers.mock.calls)).toBe(0);
    timers.mockRestore();
  });

  it('does not linger after a limit of received bytes', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const fixture = new Fixture(held(), {
      receive: { depth: 2, transferSize: 1024, bytes: 512 },
      linger: LINGER,
    });
    await fixture.settle();
    fixture.reply(512);
    await fixture.drained();
    expect(lingers(timers.mock.calls)).toBe(0);
    timers.mockRestore();
  });

  it('does not linger in the tail after such a limit', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const fixture = new Fixture(new MemorySource(counterBytes(0, 10)), {
      receive: { depth: 2, transferSize: 1024, bytes: 512, drainAfter: 60_000 },
      linger: LINGER,
    });
    await fixture.settle();
    fixture.reply(512);
    await fixture.settle();
    fixture.out.submissions[0]?.complete('completed', 10);
    await fixture.settle();
    expect(lingers(timers.mock.calls)).toBe(0);
    timers.mockRestore();
    fixture.reply(0); // a short packet ends the tail
    expect((await fixture.drained()).reason).toBe('limit');
  });

  it('stops the device after silence while transfers are in flight, with a tail', async () => {
    const [incoming, outgoing] = [new ScriptedEndpoint(), new ScriptedEndpoint()];
    const streams = new Duplex({
      source: new MemorySource(),
      sink: new MemorySink(),
      receive: { depth: 2, transferSize: 1024, drainAfter: 60_000 },
      send: { depth: 2, transferSize: 1024 },
      linger: 5,
    });
    const stopDevice = vi.fn(async () => {});
    const ended = streams.run(incoming, outgoing, undefined, stopDevice);
    await vi.waitUntil(() => incoming.cancellations.length > 0);
    incoming.cancellations[0]?.complete('cancelled', 0); // whether it has received a byte
    expect(stopDevice).toHaveBeenCalledOnce();
    await turn();
    incoming.submissions[0]?.complete('completed', 100);
    for (const submission of [...incoming.submissions]) {
      submission.complete('cancelled', 0);
    }
    expect(await ended).toEqual({ reason: 'input-ended' });
    expect(streams.statistics.in.bytesAfterStop).toBe(100);
  });

  it('reports a lost device, whichever direction notices it first', async () => {
    const fixture = new Fixture(new MemorySource(counterBytes(0, 8000)));
    await fixture.settle();
    fixture.out.submissions[0]?.complete('error', 0);
    fixture.in.submissions[0]?.complete('no-device', 0);
    expect((await fixture.drained()).reason).toBe('device-lost');
  });
});
