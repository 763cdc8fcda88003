import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Sender, type SendOptions } from '../../../../src/engine/send/sender.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import { UsbError } from '../../../../src/usb/errors.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySource } from '../support/memory-source.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

const PACKET = 512;

class Bench {
  readonly endpoint = new ScriptedEndpoint(PACKET);
  readonly source: MemorySource;
  readonly sender: Sender;
  /** What the device took, transfer by transfer. */
  readonly taken: Buffer[] = [];
  end: Outcome | undefined;
  readonly ended: Promise<Outcome>;

  constructor(input: Buffer | MemorySource, options: Partial<SendOptions> = {}) {
    this.source = input instanceof MemorySource ? input : new MemorySource(input);
    this.sender = new Sender(this.source, { depth: 4, transferSize: 1024, ...options });
    this.ended = this.sender.run(this.endpoint).then((end) => {
      this.end = end;
      return end;
    });
  }

  /** Lets reads happen, and what follows from them. */
  async settle(): Promise<void> {
    for (let i = 0; i < 30; i += 1) {
      await turn();
    }
  }

  /** The device takes so many bytes of the oldest transfer in flight. */
  take(status: TransferStatus = 'completed', length = this.endpoint.flights[0]?.length ?? 0): void {
    const [flight] = this.endpoint.flights;
    if (flight === undefined) {
      throw new Error('nothing is in flight');
    }
    this.taken.push(Buffer.from(flight.buffer.subarray(0, length)));
    flight.complete(status, length);
  }

  /** It takes all there is. */
  async takeAll(): Promise<Outcome> {
    while (this.end === undefined) {
      await this.settle();
      while (this.endpoint.flights.length > 0) {
        this.take();
      }
    }
    return this.end;
  }

  /** Answers what was cancelled, the way a drain does: in the order of cancelling. */
  drain(): void {
    for (const flight of [...this.endpoint.cancellations]) {
      flight.complete('cancelled', 0);
    }
  }
}

describe('Sender', () => {
  it('sends the input in transfers of exactly that size, the tail as it is', async () => {
    const input = counterBytes(0, 5000);
    const bench = new Bench(input, { transferSize: 700 });
    expect(await bench.takeAll()).toEqual({ reason: 'input-ended' });
    expect(bench.taken.map(({ length }) => length)).toEqual([
      700, 700, 700, 700, 700, 700, 700, 100,
    ]);
    expect(Buffer.concat(bench.taken).equals(input)).toBe(true);
    const { bytesRead, bytesAccepted, bytesUnsent, transfers } = bench.sender.statistics;
    expect([bytesRead, bytesAccepted, bytesUnsent, transfers]).toEqual([5000, 5000, 0, 8]);
  });

  it('waits for a full transfer, however the input comes', async () => {
    const input = counterBytes(0, 10_000);
    const chunks = Array.from({ length: 100 }, (_, i) => input.subarray(i * 100, (i + 1) * 100));
    const bench = new Bench(new MemorySource(...chunks), { transferSize: 4096 });
    await bench.takeAll();
    expect(bench.taken.map(({ length }) => length)).toEqual([4096, 4096, 1808]);
    expect(Buffer.concat(bench.taken).equals(input)).toBe(true);
  });

  it('sends at once what has come, if it is to be prompt', async () => {
    const source = new MemorySource(counterBytes(0, 10));
    const bench = new Bench(source, { prompt: true, depth: 1 });
    source.held = true;
    source.release();
    await bench.settle();
    expect(bench.endpoint.requests).toEqual([10]);
    source.push(counterBytes(10, 20));
    await bench.settle();
    source.push(counterBytes(30, 30));
    await bench.settle();
    bench.take();
    expect(bench.endpoint.requests).toEqual([10, 50]);
    source.held = false;
    source.release();
    await bench.takeAll();
    expect(Buffer.concat(bench.taken).equals(counterBytes(0, 60))).toBe(true);
  });

  it('keeps the pool full, and no more in memory than it may', async () => {
    const source = new MemorySource(counterBytes(0, 64 * 1024 * 1024));
    const bench = new Bench(source, { transferSize: 1024 * 1024, readAhead: 2 * 1024 * 1024 });
    await bench.settle();
    expect(bench.endpoint.flights).toHaveLength(4);
    expect(bench.sender.statistics.bytesRead).toBe(6 * 1024 * 1024);
    bench.take();
    expect(bench.endpoint.flights).toHaveLength(4);
    await bench.settle();
    expect(bench.sender.statistics.bytesRead).toBe(7 * 1024 * 1024);
  });

  it('has the next read under way while it submits', async () => {
    const source = new MemorySource(counterBytes(0, 4096), counterBytes(4096, 4096));
    const submittedAtRead: number[] = [];
    const read = source.read.bind(source);
    const bench = new Bench(source);
    source.read = (...args) => {
      submittedAtRead.push(bench.endpoint.requests.length);
      read(...args);
    };
    await bench.settle();
    expect(submittedAtRead[0]).toBe(0);
    expect(bench.endpoint.requests).toHaveLength(4);
    await bench.takeAll();
  });

  it('counts its time from the first submission, not from the wait for the input', async () => {
    const source = new MemorySource();
    source.held = true;
    const bench = new Bench(source);
    await sleep(5);
    expect(bench.sender.statistics.startedAt).toBe(0);
    const come = performance.now();
    source.held = false;
    source.push(counterBytes(0, 1024));
    await bench.takeAll();
    expect(bench.sender.statistics.startedAt).toBeGreaterThanOrEqual(come);
  });

  it('reads and sends no more than is asked for', async () => {
    const bench = new Bench(counterBytes(0, 10_000), { bytes: 2500 });
    expect(await bench.takeAll()).toEqual({ reason: 'limit' });
    expect(bench.sender.statistics.bytesRead).toBe(2500);
    expect(Buffer.concat(bench.taken)).toHaveLength(2500);
  });

  it('ends with an empty input, and sends nothing', async () => {
    const bench = new Bench(Buffer.alloc(0));
    expect(await bench.takeAll()).toEqual({ reason: 'input-ended' });
    expect(bench.endpoint.requests).toEqual([]);
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
  ])('with --zlp %s, %d bytes in transfers of %d are %j', async (zlp, bytes, transferSize, sent) => {
    const bench = new Bench(counterBytes(0, bytes), { zlp, transferSize });
    await bench.takeAll();
    expect(bench.endpoint.requests).toEqual(sent);
    const empty = sent.filter((length) => length === 0).length;
    expect(bench.sender.statistics.zeroLengthPackets).toBe(empty);
    expect(bench.sender.statistics.bytesAccepted).toBe(bytes);
  });

  it.each<[TransferStatus, Outcome['reason']]>([
    ['stall', 'stall'],
    ['error', 'error'],
    ['no-device', 'device-lost'],
    ['timed-out', 'idle'],
    ['completed', 'error'],
  ])('stops at a transfer that ends short as %s, and counts to the byte', async (status, reason) => {
    const bench = new Bench(counterBytes(0, 20_000));
    await bench.settle();
    bench.take();
    bench.take(status, 300);
    expect(bench.endpoint.flights).toHaveLength(3);
    expect(bench.endpoint.cancellations).toEqual([...bench.endpoint.flights].reverse());
    bench.drain();
    expect((await bench.ended).reason).toBe(reason);
    const { bytesRead, bytesAccepted, bytesUnsent, bytesAfterGap } = bench.sender.statistics;
    expect([bytesAccepted, bytesAfterGap]).toEqual([1324, 0]);
    expect(bytesAccepted + bytesUnsent).toBe(bytesRead);
  });

  it('tells what went out behind a hole apart', async () => {
    const bench = new Bench(counterBytes(0, 20_000));
    await bench.settle();
    const [, second, third] = bench.endpoint.flights;
    bench.take();
    second?.complete('error', 100);
    third?.complete('completed', 1024); // the host controller was faster than the cancelling
    bench.drain();
    await bench.ended;
    const { bytesAccepted, bytesAfterGap } = bench.sender.statistics;
    expect([bytesAccepted, bytesAfterGap]).toEqual([1124, 1024]);
  });

  it('counts the bytes of cancelled transfers, whatever the order of completion', async () => {
    const bench = new Bench(counterBytes(0, 20_000));
    await bench.settle();
    bench.sender.stop({ reason: 'interrupted' });
    const [first, second, third, fourth] = bench.endpoint.flights;
    fourth?.complete('cancelled', 0);
    third?.complete('cancelled', 0);
    second?.complete('cancelled', 512);
    first?.complete('completed', 1024);
    expect(await bench.ended).toEqual({ reason: 'interrupted' });
    expect(bench.sender.statistics.bytesAccepted).toBe(1536);
  });

  it('takes what was cancelled too late for what it is: sent', async () => {
    const bench = new Bench(counterBytes(0, 20_000));
    await bench.settle();
    bench.sender.stop({ reason: 'interrupted' });
    const [first, second, third, fourth] = bench.endpoint.flights;
    first?.complete('cancelled', 1024);
    second?.complete('cancelled', 100);
    third?.complete('cancelled', 0);
    fourth?.complete('cancelled', 0);
    await bench.ended;
    const { bytesAccepted, bytesAfterGap } = bench.sender.statistics;
    expect([bytesAccepted, bytesAfterGap]).toEqual([1124, 0]);
  });

  it('sends all that was read before the input failed', async () => {
    const source = new MemorySource(counterBytes(0, 1500));
    source.failure = new Error('EIO');
    const bench = new Bench(source, { zlp: 'auto', transferSize: 512 });
    expect(await bench.takeAll()).toMatchObject({ reason: 'input-failed', cause: source.failure });
    expect(bench.endpoint.requests).toEqual([512, 512, 476]);
  });

  it('submits what was refused for want of memory again, and in its place', async () => {
    const input = counterBytes(0, 8192);
    const bench = new Bench(input);
    bench.endpoint.room = 2;
    await bench.takeAll();
    expect(Buffer.concat(bench.taken).equals(input)).toBe(true);
  });

  it('ends when nothing can be submitted', async () => {
    const bench = new Bench(counterBytes(0, 8192));
    bench.endpoint.refusals.push(new UsbError('io', 'no'));
    expect((await bench.ended).reason).toBe('submit-failed');
    expect(bench.sender.statistics.bytesUnsent).toBe(bench.sender.statistics.bytesRead);
  });

  it('gives up a device that takes nothing, newest transfer first', async () => {
    const bench = new Bench(counterBytes(0, 20_000), { idleTimeout: 20 });
    await bench.settle();
    while (bench.endpoint.cancellations.length === 0) {
      await sleep(5);
    }
    expect(bench.endpoint.cancellations).toEqual([...bench.endpoint.flights].reverse());
    bench.drain();
    expect((await bench.ended).reason).toBe('idle');
    expect(bench.sender.statistics.statuses['timed-out']).toBe(4);
  });

  it('does not take an input that is slow for a device that is', async () => {
    const source = new MemorySource();
    source.held = true;
    const bench = new Bench(source, { idleTimeout: 10, prompt: true });
    await sleep(50);
    expect(bench.end).toBeUndefined();
    source.held = false;
    source.push(counterBytes(0, 10));
    expect(await bench.takeAll()).toEqual({ reason: 'input-ended' });
  });

  it('reads nothing any more once it is stopped', async () => {
    const bench = new Bench(counterBytes(0, 20_000), { readAhead: 1 });
    await bench.settle();
    bench.sender.stop({ reason: 'interrupted' });
    const { bytesRead } = bench.sender.statistics;
    bench.drain();
    await bench.ended;
    await bench.settle();
    expect(bench.sender.statistics.bytesRead).toBe(bytesRead);
    expect(bench.endpoint.flights).toEqual([]);
  });

  it('is not held up while the pool fills, nor by the end of the input', async () => {
    const source = new MemorySource(counterBytes(0, 1024));
    const bench = new Bench(source);
    const { timings } = bench.sender.statistics;
    source.held = true;
    source.release();
    await bench.settle();
    expect(timings.throttled.count).toBe(0);
    bench.take();
    expect(timings.throttled.count).toBe(1);
    source.push(counterBytes(1024, 1024));
    await bench.settle();
    bench.take();
    expect(timings.throttled.running).toBe(true);
    source.release();
    await bench.takeAll();
    expect([timings.throttled.count, timings.starved.count]).toEqual([1, 1]);
  });

  it('is held up once the pool was full, or the device has caught up', async () => {
    const source = new MemorySource(counterBytes(0, 2048));
    const bench = new Bench(source, { depth: 3 });
    const { timings } = bench.sender.statistics;
    source.held = true;
    source.release();
    await bench.settle();
    bench.take();
    expect(timings.throttled.count).toBe(0);
    bench.take();
    expect(timings.throttled.count).toBe(1);
    source.push(counterBytes(2048, 3072));
    await bench.settle();
    expect(timings.throttled.running).toBe(false);
    bench.take();
    expect([timings.throttled.count, timings.starved.count]).toEqual([2, 1]);
    source.release();
    await bench.takeAll();
  });

  it('is not held up behind the last byte of a file', async () => {
    const source = Object.assign(new MemorySource(counterBytes(0, 1024)), { size: 0 });
    const bench = new Bench(source);
    source.held = true;
    source.release();
    await bench.settle();
    bench.take();
    expect(bench.sender.statistics.timings.throttled.running).toBe(false);
    source.release();
    await bench.takeAll();
  });

  it('measures how long the pool is dry for want of input', async () => {
    const source = new MemorySource(counterBytes(0, 1024));
    const bench = new Bench(source);
    source.held = true;
    source.release();
    await bench.settle();
    bench.take();
    expect(bench.sender.statistics.timings.starved.count).toBe(1);
    source.held = false;
    source.release();
    await bench.takeAll();
  });

  it('reads no more tiny transfers ahead than memory is worth', async () => {
    const source = new MemorySource(Buffer.alloc(2 * 1024 * 1024));
    const bench = new Bench(source, { transferSize: 1, depth: 2 });
    await bench.settle();
    expect(bench.sender.statistics.bytesRead).toBe(256 * 1024);
  });

  it.each([0, 1])('turns the throw of a source into its own end, after %d reads', async (reads) => {
    const timers = vi.spyOn(globalThis, 'clearTimeout');
    const source = new MemorySource(counterBytes(0, 3000));
    const read = vi.spyOn(source, 'read').mockImplementation(() => {
      throw new Error('bug');
    });
    for (let i = 0; i < reads; i += 1) {
      read.mockImplementationOnce(MemorySource.prototype.read.bind(source));
    }
    const bench = new Bench(source, { idleTimeout: 60_000 });
    await bench.settle();
    bench.drain();
    expect(await bench.ended).toMatchObject({ reason: 'internal', cause: { message: 'bug' } });
    expect(timers).toHaveBeenCalledOnce(); // of the idle time-out
    timers.mockRestore();
  });
});
