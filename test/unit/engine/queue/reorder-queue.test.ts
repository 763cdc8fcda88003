import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReorderQueue } from '../../../../src/engine/queue/reorder-queue.js';

describe('ReorderQueue', () => {
  it('holds the head back until its transfer has completed', () => {
    const queue = new ReorderQueue(4);
    queue.put(1, Buffer.from('b'), 1);
    expect(queue.headLength).toBeUndefined();
    queue.put(0, Buffer.from('a'), 1);
    expect(queue.take().toString()).toBe('a');
    expect(queue.take().toString()).toBe('b');
    expect(queue.headLength).toBeUndefined();
  });

  it('tells an empty completion from one that is missing', () => {
    const queue = new ReorderQueue(2);
    queue.put(0, Buffer.alloc(8), 0);
    expect(queue.headLength).toBe(0);
  });

  it('gives everything back in order of submission, whatever the order of completion', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.infiniteStream(fc.nat()), (depth, random) => {
        const queue = new ReorderQueue(depth);
        const inFlight: number[] = [];
        const taken: number[] = [];
        let submitted = 0;
        while (taken.length < 200) {
          while (submitted - taken.length < depth) {
            inFlight.push(submitted);
            submitted += 1;
          }
          const [sequence = 0] = inFlight.splice(random.next().value % inFlight.length, 1);
          queue.put(sequence, Buffer.from([sequence & 0xff]), sequence + 1);
          while (queue.headLength !== undefined) {
            expect(queue.headLength).toBe(taken.length + 1);
            expect(queue.take()[0]).toBe(taken.length & 0xff);
            taken.push(taken.length);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
