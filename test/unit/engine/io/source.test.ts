import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { readUpTo } from '../../../../src/engine/io/source.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySource } from '../support/memory-source.js';

describe('readUpTo', () => {
  it('fills the buffer, in as many reads as it takes, and leaves the rest', async () => {
    const source = new MemorySource(counterBytes(0, 30), counterBytes(30, 70));
    const buffer = Buffer.alloc(50);
    expect(await readUpTo(source, buffer, undefined)).toBe(50);
    expect(buffer).toEqual(counterBytes(0, 50));
    expect(await readUpTo(source, buffer, undefined)).toBe(50);
    expect(buffer).toEqual(counterBytes(50, 50));
  });

  it('stops at the end of the input', async () => {
    const buffer = Buffer.alloc(50);
    expect(await readUpTo(new MemorySource(counterBytes(0, 30)), buffer, undefined)).toBe(30);
    expect(await readUpTo(new MemorySource(), buffer, undefined)).toBe(0);
  });

  it('throws the error of the source', async () => {
    const source = new MemorySource(counterBytes(0, 30));
    source.failure = new Error('EIO');
    await expect(readUpTo(source, Buffer.alloc(50), undefined)).rejects.toBe(source.failure);
  });

  it('ends when its signal is aborted, and listens to it no longer than that', async () => {
    const source = new MemorySource();
    source.held = true;
    const controller = new AbortController();
    const { signal } = controller;
    const reading = readUpTo(source, Buffer.alloc(50), signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    source.push(Buffer.alloc(50));
    await reading;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const aborted = readUpTo(source, Buffer.alloc(50), signal);
    controller.abort(new Error('stop'));
    await expect(aborted).rejects.toThrow('stop');
    await expect(readUpTo(source, Buffer.alloc(50), signal)).rejects.toThrow('stop');
  });
});
