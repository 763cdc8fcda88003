import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Sink } from '../../../../src/engine/io/sink.js';
import { type SplitOptions, SplitSink } from '../../../../src/engine/io/split-sink.js';
import { toError } from '../../../../src/usb/errors.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Writes, and checks that the answer does not come from within the call. */
function put(sink: Sink, buffers: readonly Buffer[]): Promise<[Error | undefined, number]> {
  return new Promise((resolve, reject) => {
    let returned = false;
    sink.write(buffers, (error, written) => {
      if (returned) {
        resolve([error, written]);
      } else {
        reject(new Error('answered from within write'));
      }
    });
    returned = true;
  });
}

/** Parts that keep what they are given, and a sink that is started and cuts into them. */
async function splitting(options: SplitOptions, prepare: (part: Part, index: number) => void) {
  const parts: Part[] = [];
  const sink = await SplitSink.open(async (index) => {
    expect(index).toBe(parts.length);
    const part = new Part();
    prepare(part, index);
    if (part.refused) {
      throw part.failure;
    }
    parts.push(part);
    return part;
  }, options);
  return { sink, parts };
}

const FAILURE = new Error('no space left');

class Part extends MemorySink {
  override failure = FAILURE;
  refused = false;
  failsToStart = false;
  failsToClose = false;
  starts = 0;
  closes = 0;
  /** What `close` waits for, and what lets it go on. */
  hindrance: Promise<void> | undefined;
  finishClosing = (): void => {};

  override async start(): Promise<void> {
    this.starts += 1;
    if (this.failsToStart) {
      throw this.failure;
    }
  }

  override async close(): Promise<void> {
    this.closes += 1;
    await this.hindrance;
    if (this.failsToClose) {
      throw this.failure;
    }
  }
}

const healthy = (): void => {};

function slowToClose(part: Part): void {
  part.hindrance = new Promise((resolve) => {
    part.finishClosing = resolve;
  });
}

/** Leaves the sink the time to do all that it can do by now. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i += 1) {
    await new Promise(setImmediate);
  }
}

/** Writes of buffers, by their lengths. */
const writes = fc.array(fc.array(fc.nat(50), { maxLength: 6 }), { maxLength: 12 });

/** Buffers of these lengths, with the stream from an offset on. */
function stream(offset: number, lengths: readonly number[]): Buffer[] {
  let from = offset;
  return lengths.map((length) => {
    from += length;
    return counterBytes(from - length, length);
  });
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0);
}

function contents(parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map((part) => part.contents));
}

describe('SplitSink', () => {
  it('splits any writes at the exact byte, and opens no empty part', async () => {
    await fc.assert(
      fc.asyncProperty(writes, fc.integer({ min: 1, max: 120 }), async (lengths, bytes) => {
        const { sink, parts } = await splitting({ bytes }, healthy);
        await sink.start();
        let total = 0;
        for (const write of lengths) {
          expect(await put(sink, stream(total, write))).toEqual([undefined, sum(write)]);
          total += sum(write);
        }
        await sink.close();
        expect(contents(parts).equals(counterBytes(0, total))).toBe(true);
        expect(parts).toHaveLength(Math.max(Math.ceil(total / bytes), 1));
        for (const part of parts.slice(0, -1)) {
          expect(part.contents).toHaveLength(bytes);
        }
        expect(parts.map(({ starts, closes }) => [starts, closes])).toEqual(
          parts.map(() => [1, 1]),
        );
      }),
    );
  });

  it('reports the bytes written when a part fails in any way, and closes all parts', async () => {
    const fault = fc.oneof(
      fc.record({ at: fc.nat(6), way: fc.constant('write' as const), capacity: fc.nat(60) }),
      fc.record({ at: fc.integer({ min: 1, max: 6 }), way: fc.constant('refused' as const) }),
      fc.record({ at: fc.nat(6), way: fc.constantFrom('failsToStart', 'failsToClose') }),
    );
    await fc.assert(
      fc.asyncProperty(
        writes,
        fc.integer({ min: 1, max: 60 }),
        fault,
        async (lengths, bytes, fault) => {
          const { sink, parts } = await splitting({ bytes }, (part, index) => {
            if (index !== fault.at) {
              return;
            }
            if (fault.way === 'write') {
              part.capacity = fault.capacity;
            } else {
              part[fault.way] = true;
            }
          });
          let failed = await sink.start().then(() => undefined, toError);
          let given = 0;
          let reported = 0;
          for (const write of lengths) {
            if (failed === undefined) {
              const [error, written] = await put(sink, stream(given, write));
              given += sum(write);
              reported += written;
              failed = error;
              expect(error === undefined ? given : Math.min(given, reported)).toBe(reported);
            }
          }
          failed = (await sink.close().then(() => undefined, toError)) ?? failed;
          expect(contents(parts).equals(counterBytes(0, reported))).toBe(true);
          expect(parts.map(({ closes }) => closes)).toEqual(parts.map(() => 1));
          const due = given - fault.at * bytes;
          const fails =
            fault.way === 'write'
              ? Math.min(due, bytes) > fault.capacity
              : fault.at === 0 || due > 0;
          expect(failed).toBe(fails ? FAILURE : undefined);
        },
      ),
    );
  });

  it('starts another part with the first write after the time', async () => {
    const steps = fc.array(fc.record({ wait: fc.nat(60), lengths: fc.array(fc.nat(30)) }));
    const size = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: 1, max: 100 }),
        size,
        async (taken, every, bytes) => {
          let now = 1000;
          vi.spyOn(performance, 'now').mockImplementation(() => now);
          const { sink, parts } = await splitting({ every, bytes }, healthy);
          await sink.start();
          const expected: { begun: number; length: number }[] = [];
          let total = 0;
          for (const { wait, lengths } of taken) {
            now += wait;
            const length = sum(lengths);
            await put(sink, stream(total, lengths));
            total += length;
            // Byte by byte, as the words say it.
            let overdue = now - (expected.at(-1)?.begun ?? now) >= every;
            for (let i = 0; i < length; i += 1) {
              const last = expected.at(-1);
              if (last === undefined || overdue || last.length === bytes) {
                expected.push({ begun: now, length: 1 });
                overdue = false;
              } else {
                last.length += 1;
              }
            }
          }
          await sink.close();
          expect(contents(parts).equals(counterBytes(0, total))).toBe(true);
          expect(parts.map((part) => part.contents.length)).toEqual(
            total === 0 ? [0] : expected.map(({ length }) => length),
          );
        },
      ),
    );
  });

  it('closes a part while the next one is written, one at a time', async () => {
    const { sink, parts } = await splitting({ bytes: 4 }, slowToClose);
    await sink.start();
    expect(await put(sink, [Buffer.from('onetwo')])).toEqual([undefined, 6]);
    let settled = false;
    const writing = put(sink, [Buffer.from('three')]).finally(() => {
      settled = true;
    });
    await turns();
    expect([settled, parts.map((part) => part.contents.toString())]).toEqual([
      false,
      ['onet', 'woth'],
    ]);
    parts[0]?.finishClosing();
    expect(await writing).toEqual([undefined, 5]);
    expect(parts.map(({ closes }) => closes)).toEqual([1, 1, 0]);
    parts[1]?.finishClosing();
    settled = false;
    const closing = sink.close().finally(() => {
      settled = true;
    });
    await turns();
    expect([settled, parts[2]?.closes]).toEqual([false, 1]);
    parts[2]?.finishClosing();
    await closing;
  });

  it('reports a part that could not be closed at the next write, and again at the end', async () => {
    const { sink, parts } = await splitting({ bytes: 4 }, (part, index) => {
      if (index === 0) {
        slowToClose(part);
        part.failsToClose = true;
      }
    });
    await sink.start();
    expect(await put(sink, [Buffer.from('onetwo')])).toEqual([undefined, 6]);
    parts[0]?.finishClosing();
    await turns();
    expect(await put(sink, [Buffer.from('3')])).toEqual([FAILURE, 0]);
    await expect(sink.close()).rejects.toBe(FAILURE);
    expect(parts[1]?.contents.toString()).toBe('wo');
    expect(parts[1]?.closes).toBe(1);
  });

  it('closes the first part, and opens no other, when it is never started', async () => {
    const { sink, parts } = await splitting({ bytes: 1 }, healthy);
    await sink.close();
    expect(parts.map(({ starts, closes }) => [starts, closes])).toEqual([[0, 1]]);
  });

  it('cannot be opened without its first part', async () => {
    const opening = splitting({ bytes: 1 }, (part) => {
      part.refused = true;
    });
    await expect(opening).rejects.toThrow('no space left');
  });
});
