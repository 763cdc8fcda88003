import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Sender, type SendOptions } from '../../../../src/engine/send/sender.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import { UsbError } from '../../../../src/usb/errors.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySource } from '../support/memory-source.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

const PACKET = 512;

class Fixture {
  readonly endpoint = new ScriptedEndpoint(PACKET);
  readonly source: MemorySource;
  readonly sender: Sender;
  /** What the device took, transfer by transfer. */
  readonly taken: Buffer[] = [];
  end: Outcome | undefined;
  readonly ended: Promise<Outcome>;

  constructor(
    input: Buffer | MemorySource,
    options: Partial<SendOptions> = {},
    cancelKeepsData = true,
  ) {
    this.endpoint.cancelKeepsData = cancelKeepsData;
    this.source = input instanceof MemorySource ? input : new MemorySource(input);
    this.sender = new Sender(this.source, { depth: 4, transferSize: 1024, ...options });
    this.ended = this.sender.run(this.endpoint).then((end) => {
      this.end = end;
      return end;
    });
  }

  /** Lets reads happen, and their consequences. */
  async settle(): Promise<void> {
    for (let i = 0; i < 30; i += 1) {
      await turn();
    }
  }

  /** The device takes this many bytes of the oldest transfer in flight. */
  take(
    status: TransferStatus = 'completed',
    length = this.endpoint.submissions[0]?.length ?? 0,
  ): void {
    const [submission] = this.endpoint.submissions;
    if (submission === undefined) {
      throw new Error('nothing is in flight');
    }
    this.taken.push(Buffer.from(submission.buffer.subarray(0, length)));
    submission.complete(status, length);
  }

  /** The device takes everything until the run ends. */
  async takeAll(): Promise<Outcome> {
    while (this.end === undefined) {
      await this.settle();
      while (this.endpoint.submissions.length > 0) {
        this.take();
      }
    }
    return this.end;
  }

  /** Completes what was cancelled as a drain does: in the order of cancelling. */
  drain(): void {
    for (const submission of [...this.endpoint.cancellations]) {
      submission.complete('cancelled', 0);
    }
  }
}

const MIB = 1024 * 1024;

describe('Sender', () => {
  it('sends the input in transfers of the given size, and the rest in a shorter one', async () => {
    const input = counterBytes(0, 5000);
    const fixture = new Fixture(input, { transferSize: 700 });
    expect(await fixture.takeAll()).toEqual({ reason: 'input-ended' });
    expect(fixture.taken.map(({ length }) => length)).toEqual([
      700, 700, 700, 700, 700, 700, 700, 100,
    ]);
    expect(Buffer.concat(fixture.taken).equals(input)).toBe(true);
    const { bytesRead, bytesAccepted, bytesUnsent, transfers } = fixture.sender.statistics;
    expect([bytesRead, bytesAccepted, bytesUnsent, transfers]).toEqual([5000, 5000, 0, 8]);
  });

  it('waits for full transfers when the input comes in pieces', async () => {
    const input = counterBytes(0, 10_000);
    const chunks = Array.from({ length: 100 }, (_, i) => input.subarray(i * 100, (i + 1) * 100));
    const fixture = new Fixture(new MemorySource(...chunks), { transferSize: 4096 });
    await fixture.takeAll();
    expect(fixture.taken.map(({ length }) => length)).toEqual([4096, 4096, 1808]);
    expect(Buffer.concat(fixture.taken).equals(input)).toBe(true);
  });

  it('reads ahead of full transfers in flight', async () => {
    const input = new MemorySource(...Array.from({ length: 10 }, () => Buffer.alloc(MIB)));
    const fixture = new Fixture(input, { depth: 4, transferSize: MIB, readAhead: 2 * MIB });
    await fixture.settle();
    expect(fixture.endpoint.submissions).toHaveLength(4);
    expect(fixture.sender.statistics.bytesRead).toBe(6 * MIB);
    fixture.sender.stop({ reason: 'interrupted' });
    fixture.drain();
    await fixture.ended;
  });

  it('sends at once what it has read when it is prompt', async () => {
    const source = new MemorySource(counterBytes(0, 10));
    const fixture = new Fixture(source, { prompt: true, depth: 1 });
    source.held = true;
    source.release();
    await fixture.settle();
    expect(fixture.endpoint.requests).toEqual([10]);
    source.push(counterBytes(10, 20));
    await fixture.settle();
    source.push(counterBytes(30, 30));
    await fixture.settle();
    fixture.take();
    expect(fixture.endpoint.requests).toEqual([10, 50]);
    source.held = false;
    source.release();
    await fixture.takeAll();
    expect(Buffer.concat(fixture.taken).equals(counterBytes(0, 60))).toBe(true);
  });

  it('keeps the queue full, and reads no more ahead than allowed', async () => {
    const source = new MemorySource(counterBytes(0, 64 * 1024 * 1024));
    const fixture = new Fixture(source, { transferSize: 1024 * 1024, readAhead: 2 * 1024 * 1024 });
    await fixture.settle();
    expect(fixture.endpoint.submissions).toHaveLength(4);
    expect(fixture.sender.statistics.bytesRead).toBe(6 * 1024 * 1024);
    fixture.take();
    expect(fixture.endpoint.submissions).toHaveLength(4);
    await fixture.settle();
    expect(fixture.sender.statistics.bytesRead).toBe(7 * 1024 * 1024);
  });

  it('reads ahead while it submits', async () => {
    const source = new MemorySource(counterBytes(0, 4096), counterBytes(4096, 4096));
    const submittedAtRead: number[] = [];
    const read = source.read.bind(source);
    const fixture = new Fixture(source);
    source.read = (...args) => {
      submittedAtRead.push(fixture.endpoint.requests.length);
      read(...args);
    };
    await fixture.settle();
    expect(submittedAtRead[0]).toBe(0);
    expect(fixture.endpoint.requests).toHaveLength(4);
    await fixture.takeAll();
  });

  it('counts time from the first submission, not while it waits for input', async () => {
    const source = new MemorySource();
    source.held = true;
    const fixture = new Fixture(source);
    await sleep(5);
    expect(fixture.sender.statistics.startedAt).toBe(0);
    const come = performance.now();
    source.held = false;
    source.push(counterBytes(0, 1024));
    await fixture.takeAll();
    expect(fixture.sender.statistics.startedAt).toBeGreaterThanOrEqual(come);
  });

  it('reads and sends no more than requested', async () => {
    const fixture = new Fixture(counterBytes(0, 10_000), { bytes: 2500 });
    expect(await fixture.takeAll()).toEqual({ reason: 'limit' });
    expect(fixture.sender.statistics.bytesRead).toBe(2500);
    expect(Buffer.concat(fixture.taken)).toHaveLength(2500);
  });

  it('ends with an empty input, and sends nothing', async () => {
    const fixture = new Fixture(Buffer.alloc(0));
    expect(await fixture.takeAll()).toEqual({ reason: 'input-ended' });
    expect(fixture.endpoint.requests).toEqual([]);
  });

  it.each<[SendOptions['zlp'], number, number, number[]]>([
    ['never', 2048, 1024, [1024, 1024]],
    ['auto', 2048, 1024, [1024, 1024, 0]],
    ['always', 2048, 1024, [1024, 0, 1024, 0]],
    ['auto', 2000, 1024, [1024, 976]],
    ['always', 2000, 1024, [1024, 0, 976]],
    ['always', 1400, 700, [700, 700]],
    ['auto', 0, 1024, [0]],
    ['always', 0, 1024, []],
  ])('with zlp %s sends %d bytes in transfers of %d as %j', async (zlp, bytes, transferSize, sent) => {
    const fixture = new Fixture(counterBytes(0, bytes), { zlp, transferSize });
    await fixture.takeAll();
    expect(fixture.endpoint.requests).toEqual(sent);
    const empty = sent.filter((length) => length === 0).length;
    expect(fixture.sender.statistics.zeroLengthPackets).toBe(empty);
    expect(fixture.sender.statistics.bytesAccepted).toBe(bytes);
  });

  it.each<[TransferStatus, Outcome['reason']]>([
    ['stall', 'stall'],
    ['error', 'error'],
    ['no-device', 'device-lost'],
    ['timed-out', 'idle'],
    ['completed', 'error'],
  ])('stops at a transfer that ends short as %s, and counts the exact bytes', async (status, reason) => {
    const fixture = new Fixture(counterBytes(0, 20_000));
    await fixture.settle();
    fixture.take();
    fixture.take(status, 300);
    expect(fixture.endpoint.submissions).toHaveLength(3);
    expect(fixture.endpoint.cancellations).toEqual([...fixture.endpoint.submissions].reverse());
    fixture.drain();
    expect((await fixture.ended).reason).toBe(reason);
    const { bytesRead, bytesAccepted, bytesUnsent, bytesAfterGap } = fixture.sender.statistics;
    expect([bytesAccepted, bytesAfterGap]).toEqual([1324, 0]);
    expect(bytesAccepted + bytesUnsent).toBe(bytesRead);
  });

  it('counts what was sent after a gap separately', async () => {
    const fixture = new Fixture(counterBytes(0, 20_000));
    await fixture.settle();
    const [, second, third] = fixture.endpoint.submissions;
    fixture.take();
    second?.complete('error', 100);
    third?.complete('completed', 1024); // the host controller was faster than the cancelling
    fixture.drain();
    await fixture.ended;
    const { bytesAccepted, bytesAfterGap } = fixture.sender.statistics;
    expect([bytesAccepted, bytesAfterGap]).toEqual([1124, 1024]);
  });

  it('counts the bytes of cancelled transfers, for any order of completion', async () => {
    const fixture = new Fixture(counterBytes(0, 20_000));
    await fixture.settle();
    fixture.sender.stop({ reason: 'interrupted' });
    const [first, second, third, fourth] = fixture.endpoint.submissions;
    fourth?.complete('cancelled', 0);
    third?.complete('cancelled', 0);
    second?.complete('cancelled', 512);
    first?.complete('completed', 1024);
    expect(await fixture.ended).toEqual({ reason: 'interrupted' });
    expect(fixture.sender.statistics.bytesAccepted).toBe(1536);
  });

  it.each([
    ['cancelled', false, true],
    ['cancelled', true, false],
    ['completed', false, false], // too late to cancel
    ['stall', false, false], // a halted endpoint accepts nothing
  ] as const)('knows whether more may be accepted than counted: %s, cancelKeepsData %s', async (status, cancelKeepsData, isMinimum) => {
    const fixture = new Fixture(counterBytes(0, 2048), {}, cancelKeepsData);
    await fixture.settle();
    fixture.sender.stop({ reason: 'interrupted' });
    const [first, second] = fixture.endpoint.submissions;
    const isTooLate = status === 'completed';
    first?.complete(status, isTooLate ? 1024 : 0);
    second?.complete(isTooLate ? status : 'cancelled', isTooLate ? 1024 : 0);
    await fixture.ended;
    expect(fixture.sender.statistics.isMinimum).toBe(isMinimum);
  });

  it.each([
    ['timed-out', 0, true],
    ['cancelled', 1024, false], // all of it, so nothing is unknown
    ['error', 0, false], // the device has reported how much
  ] as const)('knows whether a cancel may have lost the count: %s after %d bytes', async (status, length, isMinimum) => {
    const fixture = new Fixture(counterBytes(0, 1024), { depth: 1 }, false);
    await fixture.settle();
    fixture.take(status, length);
    await fixture.ended;
    expect(fixture.sender.statistics.isMinimum).toBe(isMinimum);
  });

  it('counts a transfer that was cancelled too late as sent', async () => {
    const fixture = new Fixture(counterBytes(0, 20_000));
    await fixture.settle();
    fixture.sender.stop({ reason: 'interrupted' });
    const [first, second, third, fourth] = fixture.endpoint.submissions;
    first?.complete('cancelled', 1024);
    second?.complete('cancelled', 100);
    third?.complete('cancelled', 0);
    fourth?.complete('cancelled', 0);
    await fixture.ended;
    const { bytesAccepted, bytesAfterGap } = fixture.sender.statistics;
    expect([bytesAccepted, bytesAfterGap]).toEqual([1124, 0]);
  });

  it('sends all that was read before the input failed', async () => {
    const source = new MemorySource(counterBytes(0, 1500));
    source.failure = new Error('EIO');
    const fixture = new Fixture(source, { zlp: 'auto', transferSize: 512 });
    expect(await fixture.takeAll()).toMatchObject({
      reason: 'input-failed',
      cause: source.failure,
    });
    expect(fixture.endpoint.requests).toEqual([512, 512, 476]);
  });

  it('submits in order what was refused for lack of memory', async () => {
    const input = counterBytes(0, 8192);
    const fixture = new Fixture(input);
    fixture.endpoint.room = 2;
    await fixture.takeAll();
    expect(Buffer.concat(fixture.taken).equals(input)).toBe(true);
  });

  it('ends when nothing can be submitted', async () => {
    const fixture = new Fixture(counterBytes(0, 8192));
    fixture.endpoint.refusals.push(new UsbError('io', 'no'));
    expect((await fixture.ended).reason).toBe('submit-failed');
    expect(fixture.sender.statistics.bytesUnsent).toBe(fixture.sender.statistics.bytesRead);
  });

  it('cancels newest first when the device takes nothing', async () => {
    const fixture = new Fixture(counterBytes(0, 20_000), { idleTimeout: 20 });
    await fixture.settle();
    while (fixture.endpoint.cancellations.length === 0) {
      await sleep(5);
    }
    expect(fixture.endpoint.cancellations).toEqual([...fixture.endpoint.submissions].reverse());
    fixture.drain();
    expect((await fixture.ended).reason).toBe('idle');
    expect(fixture.sender.statistics.statuses['timed-out']).toBe(4);
  });

  it('does not mistake a slow input for an idle device', async () => {
    const source = new MemorySource();
    source.held = true;
    const fixture = new Fixture(source, { idleTimeout: 500, prompt: true });
    await sleep(800);
    expect(fixture.end).toBeUndefined();
    source.held = false;
    source.push(counterBytes(0, 10));
    expect(await fixture.takeAll()).toEqual({ reason: 'input-ended' });
  });

  it('reads nothing after it is stopped', async () => {
    const fixture = new Fixture(counterBytes(0, 8 * MIB), { transferSize: MIB, readAhead: 1 });
    await fixture.settle();
    fixture.sender.stop({ reason: 'interrupted' });
    const { bytesRead } = fixture.sender.statistics;
    fixture.drain();
    await fixture.ended;
    await fixture.settle();
    expect(fixture.sender.statistics.bytesRead).toBe(bytesRead);
    expect(fixture.endpoint.submissions).toEqual([]);
  });

  it('is not throttled while the queue fills, nor by the end of the input', async () => {
    const source = new MemorySource(counterBytes(0, 1024));
    const fixture = new Fixture(source);
    const { timings } = fixture.sender.statistics;
    source.held = true;
    source.release();
    await fixture.settle();
    expect(timings.throttled.count).toBe(0);
    fixture.take();
    expect(timings.throttled.count).toBe(1);
    source.push(counterBytes(1024, 1024));
    await fixture.settle();
    fixture.take();
    expect(timings.throttled.running).toBe(true);
    source.release();
    await fixture.takeAll();
    expect([timings.throttled.count, timings.starved.count]).toEqual([1, 1]);
  });

  it('is throttled after the queue was full, or the device has caught up', async () => {
    const source = new MemorySource(counterBytes(0, 2048));
    const fixture = new Fixture(source, { depth: 3 });
    const { timings } = fixture.sender.statistics;
    source.held = true;
    source.release();
    await fixture.settle();
    fixture.take();
    expect(timings.throttled.count).toBe(0);
    fixture.take();
    expect(timings.throttled.count).toBe(1);
    source.push(counterBytes(2048, 3072));
    await fixture.settle();
    expect(timings.throttled.running).toBe(false);
    fixture.take();
    expect([timings.throttled.count, timings.starved.count]).toEqual([2, 1]);
    source.release();
    await fixture.takeAll();
  });

  it('is throttled as soon as the queue, once full, has less than its depth in flight', async () => {
    const source = new MemorySource(counterBytes(0, 2048));
    const fixture = new Fixture(source, { depth: 2 });
    const { timings } = fixture.sender.statistics;
    source.held = true;
    source.release();
    await fixture.settle();
    fixture.take();
    expect([timings.throttled.count, timings.starved.count]).toEqual([1, 0]);
  });

  it('is not throttled after the last byte of a file', async () => {
    const source = Object.assign(new MemorySource(counterBytes(0, 1024)), { size: 0 });
    const fixture = new Fixture(source);
    source.held = true;
    source.release();
    await fixture.settle();
    fixture.take();
    expect(fixture.sender.statistics.timings.throttled.running).toBe(false);
    source.release();
    await fixture.takeAll();
  });

  it('counts how often the queue is starved by the input', async () => {
    const source = new MemorySource(counterBytes(0, 1024));
    const fixture = new Fixture(source);
    source.held = true;
    source.release();
    await fixture.settle();
    fixture.take();
    expect(fixture.sender.statistics.timings.starved.count).toBe(1);
    source.held = false;
    source.release();
    await fixture.takeAll();
  });

  it('reads at most 256 Ki tiny transfers ahead', async () => {
    const source = new MemorySource(Buffer.alloc(2 * 1024 * 1024));
    const fixture = new Fixture(source, { transferSize: 1, depth: 2 });
    await fixture.settle();
    expect(fixture.sender.statistics.bytesRead).toBe(256 * 1024);
  });

  it.each([0, 1])('ends as internal when the source throws after %d reads', async (reads) => {
    const timers = vi.spyOn(globalThis, 'clearTimeout');
    const source = new MemorySource(counterBytes(0, 3000));
    const read = vi.spyOn(source, 'read').mockImplementation(() => {
      throw new Error('bug');
    });
    for (let i = 0; i < reads; i += 1) {
      read.mockImplementationOnce(MemorySource.prototype.read.bind(source));
    }
    const fixture = new Fixture(source, { idleTimeout: 60_000 });
    await fixture.settle();
    fixture.drain();
    expect(await fixture.ended).toMatchObject({ reason: 'internal', cause: { message: 'bug' } });
    expect(timers).toHaveBeenCalledOnce(); // of the idle timeout
    timers.mockRestore();
  });

  it.each<[TransferStatus[], boolean]>([
    [['stall'], true],
    [['error'], false],
    [['completed', 'error', 'stall'], true],
    [['stall', 'cancelled'], true],
  ])('knows after transfers with %j whether the endpoint is halted: %s', async (statuses, isHalted) => {
    const fixture = new Fixture(counterBytes(0, 20_000));
    await fixture.settle();
    expect(fixture.sender.isHalted).toBe(false);
    for (const status of statuses) {
      fixture.take(status, status === 'completed' ? 1024 : 0);
    }
    fixture.drain();
    await fixture.ended;
    expect(fixture.sender.isHalted).toBe(isHalted);
  });

  it('says which transfers failed, and after how many bytes', async () => {
    const fixture = new Fixture(counterBytes(0, 20_000));
    await fixture.settle();
    fixture.take();
    fixture.take('stall', 300);
    fixture.take('no-device', 0);
    fixture.drain();
    expect(await fixture.ended).toMatchObject({ reason: 'stall', offset: 1324 });
    expect(fixture.end?.failures).toEqual([{ reason: 'stall', offset: 1324 }]);
  });

  it('ends at a transfer that stalls after all of its bytes', async () => {
    const fixture = new Fixture(counterBytes(0, 20_000));
    await fixture.settle();
    fixture.take('stall');
    expect(fixture.endpoint.cancellations).toHaveLength(3);
    fixture.drain();
    expect((await fixture.ended).reason).toBe('stall');
    expect(fixture.sender.statistics.bytesAccepted).toBe(1024);
  });

  it('counts what was sent after a refused zero-length packet as after a gap', async () => {
    const fixture = new Fixture(counterBytes(0, 4096), { zlp: 'always' });
    await fixture.settle();
    expect(fixture.endpoint.requests).toEqual([1024, 0, 1024, 0]);
    fixture.take();
    fixture.take('error');
    fixture.take();
    fixture.drain();
    expect((await fixture.ended).reason).toBe('error');
    const { bytesAccepted, bytesAfterGap, zeroLengthPackets } = fixture.sender.statistics;
    expect([bytesAccepted, bytesAfterGap, zeroLengthPackets]).toEqual([1024, 1024, 0]);
  });

  it('keeps the bytes of a transfer in flight while zero-length packets complete', async () => {
    const input = counterBytes(0, 6 * MIB);
    const options = { transferSize: MIB, depth: 3, readAhead: 1, zlp: 'always' } as const;
    const fixture = new Fixture(input, options);
    await fixture.settle();
    while (fixture.end === undefined) {
      fixture.take();
      await fixture.settle(); // a read
    }
    expect(Buffer.concat(fixture.taken).equals(input)).toBe(true);
  });

  it.each<[SendOptions['zlp'], number[]]>([
    ['always', [1024, 0, 1024, 0]],
    ['auto', [1024, 1024, 0]],
  ])('sends zero-length packets also with one transfer at a time: %s', async (zlp, sent) => {
    const fixture = new Fixture(counterBytes(0, 2048), { zlp, depth: 1 });
    await fixture.takeAll();
    expect(fixture.endpoint.requests).toEqual(sent);
  });

  it('sends the last transfer even if it was refused at first for lack of memory', async () => {
    const fixture = new Fixture(counterBytes(0, 2048), { depth: 2 });
    fixture.endpoint.room = 1;
    expect(await fixture.takeAll()).toEqual({ reason: 'input-ended' });
    expect(Buffer.concat(fixture.taken).equals(counterBytes(0, 2048))).toBe(true);
  });

  it('sends no zero-length packet after an input that failed', async () => {
    const source = new MemorySource(counterBytes(0, 2048));
    source.failure = new Error('EIO');
    const fixture = new Fixture(source, { zlp: 'auto' });
    expect((await fixture.takeAll()).reason).toBe('input-failed');
    expect(fixture.endpoint.requests).toEqual([1024, 1024]);
  });

  it('awaits the transfers in flight at the end of the input', async () => {
    const fixture = new Fixture(counterBytes(0, 3000));
    await fixture.settle();
    expect(fixture.sender.inFlight).toBe(3);
    expect(fixture.end).toBeUndefined();
    fixture.take();
    await fixture.settle();
    expect([fixture.sender.inFlight, fixture.end]).toEqual([2, undefined]);
    expect(fixture.endpoint.cancellations).toEqual([]);
    await fixture.takeAll();
  });

  it('submits nothing while every transfer waits for the oldest', async () => {
    const fixture = new Fixture(counterBytes(0, 20_000), { depth: 2 });
    await fixture.settle();
    fixture.endpoint.submissions[1]?.complete('completed', 1024);
    await fixture.settle();
    expect([fixture.end, fixture.sender.inFlight]).toEqual([undefined, 1]);
    expect(fixture.sender.statistics.timings.throttled.count).toBe(0);
    fixture.take();
    expect(fixture.sender.inFlight).toBe(2);
  });

  it('has the peak of the bytes that were read and not submitted', async () => {
    const source = new MemorySource(counterBytes(0, 700), counterBytes(700, 300));
    const fixture = new Fixture(source, { depth: 1 });
    await fixture.takeAll();
    expect(fixture.sender.statistics.bytesBufferedPeak).toBe(1000);
  });

  it('stays interrupted if the input fails during the drain', async () => {
    const source = new MemorySource(counterBytes(0, 1024));
    const fixture = new Fixture(source);
    source.held = true;
    source.release();
    await fixture.settle();
    expect(fixture.endpoint.submissions).toHaveLength(1);
    fixture.sender.stop({ reason: 'interrupted' });
    source.failure = new Error('EIO');
    source.release();
    fixture.take();
    expect(await fixture.ended).toEqual({ reason: 'interrupted' });
  });
});

describe('the idle timeout of a Sender', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('counts from the last completion: the device is slow, not idle', async () => {
    const fixture = new Fixture(counterBytes(0, 20_000), { idleTimeout: 50, depth: 2 });
    await fixture.settle();
    for (let i = 0; i < 4; i += 1) {
      vi.advanceTimersByTime(49);
      expect(fixture.endpoint.cancellations).toEqual([]);
      fixture.take();
      await fixture.settle();
    }
    vi.advanceTimersByTime(51);
    expect(fixture.endpoint.cancellations).toHaveLength(2);
    fixture.drain();
    expect((await fixture.ended).reason).toBe('idle');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends the run even if the last transfer completes before it is cancelled', async () => {
    const fixture = new Fixture(counterBytes(0, 20_000), { idleTimeout: 50, depth: 1 });
    await fixture.settle();
    vi.advanceTimersByTime(51);
    fixture.take();
    expect(await fixture.ended).toEqual({ reason: 'idle' });
    expect(fixture.endpoint.requests).toHaveLength(1);
  });
});

it('submits nothing while its observer has no room', async () => {
  const endpoint = new ScriptedEndpoint(PACKET);
  let room = 1;
  const hasRoom = (): boolean => {
    room -= 1;
    return room >= 0;
  };
  const source = new MemorySource(counterBytes(0, 4096));
  const options = { depth: 4, transferSize: 1024 };
  void new Sender(source, options, { hasRoom }).run(endpoint);
  await vi.waitUntil(() => room < 0);
  await turn();
  expect(endpoint.requests).toEqual([1024]);
});
