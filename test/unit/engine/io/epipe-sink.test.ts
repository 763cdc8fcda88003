import { expect, it, vi } from 'vitest';
import { EpipeSink } from '../../../../src/engine/io/epipe-sink.js';
import { MemorySink } from '../support/memory-sink.js';

function closing(capacity: number) {
  const inner = new MemorySink();
  inner.capacity = capacity;
  inner.failure = Object.assign(new Error('closed'), { code: 'EPIPE' });
  const start = vi.spyOn(inner, 'start');
  const onClosed = vi.fn();
  return { inner, start, onClosed, sink: new EpipeSink(inner, onClosed) };
}

/** Writes; returns the answer. */
function write(sink: EpipeSink, bytes: number): Promise<[Error | undefined, number]> {
  return new Promise((resolve) => {
    sink.write([Buffer.alloc(bytes)], (error, written) => resolve([error, written]));
  });
}

it('starts and closes the sink', async () => {
  const { sink, inner, start } = closing(100);
  await sink.start();
  expect(start).toHaveBeenCalledOnce();
  await sink.close();
  expect(inner.closed).toBe(true);
});

it('goes on without the reader: accepts all writes, and writes nothing', async () => {
  const { sink, inner, onClosed } = closing(100);
  expect(await write(sink, 60)).toEqual([undefined, 60]);
  expect(sink.closedAt).toBeUndefined();
  expect(await write(sink, 60)).toEqual([undefined, 40]);
  const { closedAt } = sink;
  expect(closedAt).toBeLessThanOrEqual(performance.now());
  inner.capacity = 1000;
  expect(await write(sink, 60)).toEqual([undefined, 0]);
  expect(inner.contents).toHaveLength(100);
  expect([sink.closedAt, onClosed.mock.calls.length]).toEqual([closedAt, 1]);
});

it('reports any other error', async () => {
  const { sink, inner, onClosed } = closing(0);
  inner.failure = new Error('no space left');
  expect(await write(sink, 60)).toEqual([inner.failure, 0]);
  expect(onClosed).not.toHaveBeenCalled();
});
