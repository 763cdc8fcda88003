import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventRing } from '../../../../src/engine/record/event-ring.js';

const EVENTS = 40;
const BYTES = 64;

/** What happens to a ring: a submission, the oldest completion of an endpoint, or a removal. */
const step = fc.oneof(
  fc.record({
    do: fc.constant('submit' as const),
    endpoint: fc.constantFrom(0x81, 0x02),
    length: fc.nat(20),
  }),
  fc.record({
    do: fc.constant('complete' as const),
    endpoint: fc.constantFrom(0x81, 0x02),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ do: fc.constant('remove' as const), count: fc.nat(3) }),
);

it('keeps the bytes of each event until it is removed, and has room for each completion', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 300, size: 'max' }), (steps) => {
      const ring = new EventRing(EVENTS, BYTES);
      const pending = new Map<number, { length: number; sequence: number }[]>();
      let expected: { sequence: number; data: Buffer }[] = [];
      let sequence = 0;
      const check = (): void => {
        expect(ring.size).toBe(expected.length);
        for (const [i, { sequence, data }] of expected.entries()) {
          expect(ring.at(i)?.sequence).toBe(sequence);
          expect(ring.dataAt(i).equals(data)).toBe(true);
        }
        expect(ring.at(expected.length)).toBeUndefined();
      };
      for (const each of steps) {
        if (each.do === 'submit' && ring.hasRoom(each.length)) {
          const { endpoint, length } = each;
          sequence += 1;
          const buffer = Buffer.alloc(length, sequence);
          ring.addSubmission({
            endpoint,
            sequence,
            buffer,
            requested: length,
            packetSize: 512,
            submittedAt: 0,
          });
          expected.push({ sequence, data: endpoint === 2 ? buffer : Buffer.alloc(0) });
          pending.set(endpoint, [...(pending.get(endpoint) ?? []), { length, sequence }]);
        } else if (each.do === 'complete') {
          const { endpoint, share } = each;
          const first = pending.get(endpoint)?.shift();
          if (first !== undefined) {
            const { length } = first;
            const actualLength = Math.round(length * share);
            const buffer = Buffer.alloc(length, ~first.sequence);
            ring.addCompletion({
              ...{ endpoint, sequence: first.sequence, buffer, requested: length },
              ...{
                packetSize: 512,
                submittedAt: 0,
                completedAt: 0,
                status: 'completed',
                actualLength,
              },
            });
            const data = endpoint === 2 ? Buffer.alloc(0) : buffer.subarray(0, actualLength);
            expected.push({ sequence: first.sequence, data });
          }
        } else if (each.do === 'remove') {
          const count = Math.min(each.count, expected.length);
          ring.remove(count);
          expected = expected.slice(count);
        }
        check();
      }
      // When all has completed and is removed, the longest transfer fits again.
      for (const [endpoint, rest] of pending) {
        for (const { length, sequence } of rest) {
          ring.addCompletion({
            ...{ endpoint, sequence, buffer: Buffer.alloc(length), requested: length },
            ...{
              packetSize: 512,
              submittedAt: 0,
              completedAt: 0,
              status: 'cancelled',
              actualLength: 0,
            },
          });
        }
      }
      ring.remove(ring.size);
      expect(ring.hasRoom(BYTES / 2)).toBe(true);
    }),
  );
});

it('keeps no bytes if it has no memory for them', () => {
  const ring = new EventRing(4, 0);
  expect(ring.hasRoom(1024)).toBe(true);
  const submission = {
    ...{
      endpoint: 2,
      sequence: 0,
      buffer: Buffer.from('abc'),
      requested: 3,
      packetSize: 512,
      submittedAt: 0,
    },
  };
  ring.addSubmission(submission);
  expect([ring.at(0)?.requested, ring.dataAt(0).length]).toEqual([3, 0]);
});
