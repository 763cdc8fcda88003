import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Receiver } from '../../../../src/engine/receive/receiver.js';
import { Tail } from '../../../../src/engine/receive/tail.js';
import { MemorySink } from '../support/memory-sink.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

// Only what these tests advance is a time: neither silence nor the deadline can end a tail by itself.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const STOPPED = { reason: 'interrupted' } as const;

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(setImmediate);
  }
}

describe('a tail of 1 s', () => {
  function tail(followsIdle = false) {
    const calls: string[] = [];
    const subject = new Tail(
      1000,
      followsIdle,
      () => calls.push('open'),
      () => calls.push('over'),
    );
    return { tail: subject, calls };
  }

  it('begins once, after the start of the stream, and not after a failure', () => {
    const { tail: subject } = tail();
    expect([subject.isReady, subject.begin(STOPPED)]).toEqual([false, false]);
    subject.ready(async () => {});
    expect([subject.isReady, subject.begin({ reason: 'stall' })]).toEqual([true, false]);
    expect([subject.begin(STOPPED), subject.begin({ reason: 'limit' })]).toEqual([true, false]);
    expect(subject.end).toBe(STOPPED);
  });

  it.each([true, false])('follows silence: %s', (followsIdle) => {
    const { tail: subject } = tail(followsIdle);
    subject.ready(async () => {});
    expect(subject.begin({ reason: 'idle' })).toBe(followsIdle);
  });

  it('does not begin at the end of a recording, even if it follows silence', () => {
    const { tail: subject } = tail(true);
    subject.ready(async () => {});
    expect(subject.begin({ reason: 'input-ended' })).toBe(false);
  });

  it('is not over after a run without it', () => {
    const { tail: subject } = tail();
    subject.ready(async () => {});
    subject.finish();
    expect(subject.isOver).toBe(false);
  });

  it('opens when the device was stopped, and ends at the deadline', async () => {
    const { tail: subject, calls } = tail();
    let stopped = (): void => {};
    subject.ready(() => new Promise((resolve) => (stopped = () => resolve(undefined))));
    subject.begin(STOPPED);
    await vi.advanceTimersByTimeAsync(5000);
    expect([calls, subject.isOpen]).toEqual([[], false]);
    stopped();
    await vi.advanceTimersByTimeAsync(999);
    expect([calls, subject.isOver]).toEqual([['open'], false]);
    await vi.advanceTimersByTimeAsync(2);
    expect([calls, subject.isOver]).toEqual([['open', 'over'], true]);
  });

  it('ends at a short packet after the device was stopped, and not at one before', async () => {
    const { tail: subject } = tail();
    subject.ready(async () => {});
    subject.begin(STOPPED);
    subject.onShortPacket();
    expect(subject.isOver).toBe(false);
    await turns();
    subject.onShortPacket();
    expect(subject.isOver).toBe(true);
  });

  it('does not open after the run has ended', async () => {
    const { tail: subject, calls } = tail();
    subject.ready(async () => {});
    subject.begin(STOPPED);
    subject.finish();
    await vi.advanceTimersByTimeAsync(5000);
    expect([calls, subject.isOpen, subject.isOver]).toEqual([[], false, true]);
  });
});

it.each([
  ['a short packet', 'completed', 100, true],
  ['a full transfer', 'completed', 1024, false],
  ['a transfer that timed out', 'timed-out', 100, false],
] as const)('a receiver ends at %s of a stopped device, or not', async (_, status, length, ends) => {
  const endpoint = new ScriptedEndpoint();
  const options = { depth: 2, transferSize: 1024, drainAfter: 60_000 };
  const receiver = new Receiver(new MemorySink(), options);
  const run = receiver.run(endpoint, undefined, async () => {});
  receiver.stop(STOPPED);
  await turns();
  expect(endpoint.cancellations).toHaveLength(0);
  endpoint.submissions[0]?.complete(status, length);
  await turns();
  expect(endpoint.cancellations.length > 0).toBe(ends);
  receiver.stop(STOPPED); // the second one ends it in any case
  for (const submission of [...endpoint.cancellations]) {
    submission.complete('cancelled', 0);
  }
  await turns();
  expect((await run).reason).toBe('interrupted');
  expect(receiver.statistics.bytesAfterStop).toBe(length);
});
