import { describe, expect, it } from 'vitest';
import { WriteBatch } from '../../../../src/engine/record/write-batch.js';

const KIB = 1024;

describe('a write batch', () => {
  it('keeps 16 KiB of scratch for what one event writes there, however much was put before', () => {
    const batch = new WriteBatch();
    const pieces = Array.from({ length: 100 }, (_, i) => Buffer.alloc(4 * KIB, i));
    for (const piece of pieces) {
      batch.put(piece);
    }
    const { position } = batch;
    expect(batch.scratch.length - position).toBeGreaterThanOrEqual(16 * KIB);
    batch.scratch.fill(255, position, position + 9);
    batch.position += 9;
    const written = Buffer.concat([...batch.take()]);
    expect(written.equals(Buffer.concat([...pieces, Buffer.alloc(9, 255)]))).toBe(true);
  });
});
