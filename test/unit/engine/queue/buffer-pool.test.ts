import { afterEach, describe, expect, it, vi } from 'vitest';
import { BufferPool } from '../../../../src/engine/queue/buffer-pool.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Lets this many allocations succeed; the next ones throw. Returns the spy. */
function limitMemory(allocations: number) {
  const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation(() => {
    throw new RangeError('Array buffer allocation failed');
  });
  for (let i = 0; i < allocations; i += 1) {
    allocate.mockImplementationOnce((size) => Buffer.alloc(size));
  }
  return allocate;
}

describe('BufferPool', () => {
  it('has at most its capacity of buffers, each of the given size', () => {
    const pool = new BufferPool(512, 2);
    const buffers = [pool.take(), pool.take()];
    expect(buffers.map((buffer) => buffer?.length)).toEqual([512, 512]);
    expect(buffers[0]).not.toBe(buffers[1]);
    expect(pool.take()).toBeUndefined();
  });

  it('reuses the buffer that was returned last, and allocates none for it', () => {
    const allocate = limitMemory(2);
    const pool = new BufferPool(512, 3);
    const [first, second] = [pool.take(), pool.take()];
    for (const buffer of [first, second]) {
      pool.give(buffer ?? Buffer.alloc(0));
    }
    expect([pool.take(), pool.take()]).toEqual([second, first]);
    expect(allocate).toHaveBeenCalledTimes(2);
  });

  it('throws if there is no memory for the first buffer', () => {
    limitMemory(0);
    expect(() => new BufferPool(512, 2).take()).toThrow(RangeError);
  });

  it('makes do with the buffers that there is memory for, and asks for no more', () => {
    const allocate = limitMemory(1);
    const pool = new BufferPool(512, 3);
    const first = pool.take();
    expect([pool.take(), pool.take()]).toEqual([undefined, undefined]);
    expect(allocate).toHaveBeenCalledTimes(2);
    pool.give(first ?? Buffer.alloc(0));
    expect(pool.take()).toBe(first);
  });
});
