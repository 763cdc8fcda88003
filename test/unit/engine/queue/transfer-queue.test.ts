import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { ObservedCompletion } from '../../../../src/engine/queue/observer.js';
import { type Completion, TransferQueue } from '../../../../src/engine/queue/transfer-queue.js';
import { UsbError } from '../../../../src/usb/errors.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

/** A full queue whose transfers were submitted 10 ms apart, each with a buffer of its number. */
function fullQueue(depth: number) {
  const endpoint = new ScriptedEndpoint();
  /** What completed, in the order of completion. */
  const completions: [number: number | undefined, status: string, bytes: number][] = [];
  const queue = new TransferQueue(endpoint, depth, (completion) => {
    completions.push([completion.buffer[0], completion.status, completion.actualLength]);
  });
  for (let i = 0; i < depth; i += 1) {
    queue.submit(Buffer.alloc(512, i), 512, 10 * i);
  }
  return { endpoint, completions, queue };
}

/** Removes what can be removed; returns the numbers of the buffers, with their bytes. */
function removeAll(queue: TransferQueue): [number: number | undefined, bytes: number][] {
  const removed: [number | undefined, number][] = [];
  for (let head = queue.head; head !== undefined; head = queue.head) {
    removed.push([head.buffer[0], head.actualLength]);
    queue.removeHead();
  }
  return removed;
}

describe('TransferQueue', () => {
  it('reports completions at once, and delivers them in the order of submission', () => {
    const { endpoint, completions, queue } = fullQueue(3);
    const [first, second, third] = endpoint.submissions;
    third?.complete('completed', 3);
    expect(queue.head).toBeUndefined();
    second?.complete('completed', 2);
    expect(removeAll(queue)).toEqual([]);
    first?.complete('completed', 1);
    expect(completions.map(([number]) => number)).toEqual([2, 1, 0]);
    expect(removeAll(queue)).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect([queue.inFlight, queue.bytesInFlight, queue.isFull]).toEqual([0, 0, false]);
  });

  it('delivers cancelled transfers with their data in the order of submission', () => {
    const { endpoint, queue } = fullQueue(3);
    queue.cancelAll();
    for (const [i, submission] of [...endpoint.cancellations].entries()) {
      submission.complete('cancelled', 100 * i); // the newest brought nothing
    }
    expect(removeAll(queue)).toEqual([
      [0, 200],
      [1, 100],
      [2, 0],
    ]);
  });

  it('distinguishes an empty completion from a missing one', () => {
    const { endpoint, queue } = fullQueue(2);
    endpoint.submissions[0]?.complete('completed', 0);
    expect(queue.head).toMatchObject({ status: 'completed', requested: 512, actualLength: 0 });
    queue.removeHead();
    expect(queue.head).toBeUndefined();
  });

  it('is full until a completion is removed, and submits nothing until then', () => {
    const { endpoint, queue } = fullQueue(2);
    endpoint.submissions[0]?.complete('completed', 512);
    expect([queue.isFull, queue.inFlight, queue.bytesSubmitted]).toEqual([true, 1, 1024]);
    expect(() => queue.submit(Buffer.alloc(512), 512, 0)).toThrow('is full');
    expect(endpoint.requests).toHaveLength(2);
    queue.removeHead();
    expect(queue.isFull).toBe(false);
    queue.submit(Buffer.alloc(512), 512, 0);
    expect(endpoint.requests).toHaveLength(3);
  });

  it('refuses to remove a transfer in flight', () => {
    expect(() => fullQueue(1).queue.removeHead()).toThrow('is in flight');
    expect(() => fullQueue(0).queue.removeHead()).toThrow();
  });

  it('cancels what is in flight newest first, even after others completed', () => {
    const { endpoint, queue } = fullQueue(5);
    const [first, second, third, fourth, fifth] = endpoint.submissions;
    third?.complete('completed', 1);
    first?.complete('completed', 1);
    queue.removeHead();
    queue.submit(Buffer.alloc(512), 512, 1000);
    const sixth = endpoint.submissions.at(-1);
    queue.cancelAll();
    expect(endpoint.cancellations).toEqual([sixth, fifth, fourth, second]);
  });

  it('expires newest first, each transfer once, and knows the oldest pending one', () => {
    const { endpoint, completions, queue } = fullQueue(2);
    const [first, second] = endpoint.submissions;
    expect(queue.oldestSubmission).toBe(0);
    queue.expire(10);
    expect(endpoint.cancellations).toEqual([second, first]);
    expect(queue.oldestSubmission).toBeUndefined();
    queue.expire(10);
    expect(endpoint.cancellations).toHaveLength(2);
    first?.complete('cancelled', 7);
    second?.complete('completed', 8);
    expect(completions).toEqual([
      [0, 'timed-out', 7],
      [1, 'completed', 8],
    ]);
    removeAll(queue);
    queue.submit(Buffer.alloc(512), 512, 1000);
    expect(queue.oldestSubmission).toBe(1000);
    queue.cancelAll();
    endpoint.submissions[0]?.complete('cancelled', 0);
    expect(completions.at(-1)?.[1]).toBe('cancelled');
  });

  it('expires only transfers that were submitted at the time or before', () => {
    const { endpoint, completions, queue } = fullQueue(4);
    const [first, second, third, fourth] = endpoint.submissions;
    first?.complete('completed', 512);
    queue.expire(20);
    expect(endpoint.cancellations).toEqual([third, second]);
    expect(queue.oldestSubmission).toBe(30);
    for (const submission of [fourth, third, second]) {
      submission?.complete('cancelled', 0);
    }
    expect(completions.map(([number, status]) => [number, status])).toEqual([
      [0, 'completed'],
      [3, 'cancelled'],
      [2, 'timed-out'],
      [1, 'timed-out'],
    ]);
  });

  it('expires only the oldest transfer in flight', () => {
    const { endpoint, queue } = fullQueue(3);
    endpoint.submissions[0]?.complete('completed', 512);
    const [second] = endpoint.submissions;
    const probed: Completion | undefined = queue.expireOldest();
    expect(endpoint.cancellations).toEqual([second]);
    second?.complete('cancelled', 0);
    queue.removeHead();
    expect(queue.head).toBe(probed);
    expect(queue.head?.status).toBe('timed-out');
    expect(fullQueue(0).queue.expireOldest()).toBeUndefined();
  });

  it('delivers every completion once and in order, for any order of completion', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.record({ pick: fc.nat(), status: fc.constantFrom('completed', 'cancelled') }), {
          maxLength: 300,
        }),
        (depth, steps) => {
          const endpoint = new ScriptedEndpoint();
          const queue = new TransferQueue(endpoint, depth, () => {});
          let submitted = 0;
          let removed = 0;
          const expected: (string | undefined)[] = [];
          const numbers = new Map<unknown, number>();
          for (const { pick, status } of steps) {
            while (!queue.isFull) {
              queue.submit(Buffer.alloc(4), 4, submitted);
              numbers.set(endpoint.submissions.at(-1), submitted);
              submitted += 1;
            }
            const submission = endpoint.submissions[pick % endpoint.submissions.length];
            const number = numbers.get(submission) ?? 0;
            submission?.buffer.writeUInt32LE(number);
            expected[number] = status;
            submission?.complete(status === 'completed' ? 'completed' : 'cancelled', number % 5);
            for (let head = queue.head; head !== undefined; head = queue.head) {
              expect(head.buffer.readUInt32LE()).toBe(removed);
              expect([head.status, head.actualLength]).toEqual([expected[removed], removed % 5]);
              queue.removeHead();
              removed += 1;
            }
            expect(expected[removed]).toBeUndefined();
            expect(submitted - removed).toBeLessThanOrEqual(depth);
            expect(queue.inFlight).toBe(endpoint.submissions.length);
            expect(queue.bytesInFlight).toBe(4 * endpoint.submissions.length);
          }
        },
      ),
    );
  });
});

describe('an observer of a TransferQueue', () => {
  /** A queue whose observer writes down each call. */
  function observedQueue(depth: number) {
    const calls: string[] = [];
    const endpoint = new ScriptedEndpoint(512, 0x02);
    const queue: TransferQueue = new TransferQueue(
      endpoint,
      depth,
      ({ buffer }) => {
        queue.observe();
        calls.push(`engine ${buffer[0]}`);
      },
      {
        onSubmit: (one) => {
          expect(one.packetSize).toBe(512);
          calls.push(`submit ${one.sequence} at ${one.submittedAt}`);
        },
        onComplete: (one) =>
          calls.push(
            `${one.endpoint} ${one.sequence} ${one.status} ${one.buffer[0]} ${one.actualLength}`,
          ),
      },
      7,
    );
    return { calls, endpoint, queue };
  }

  it('sees submissions at once, and completions in their order, before the engine does', () => {
    const { calls, endpoint, queue } = observedQueue(3);
    for (let i = 0; i < 3; i += 1) {
      queue.submit(Buffer.alloc(512, i), 512, 10 * i);
    }
    expect(calls.splice(0)).toEqual(['submit 7 at 0', 'submit 8 at 10', 'submit 9 at 20']);
    const [first, second, third] = endpoint.submissions;
    third?.complete('cancelled', 0);
    expect(calls.splice(0)).toEqual(['engine 2']);
    first?.complete('completed', 1);
    expect(calls.splice(0)).toEqual(['2 7 completed 0 1', 'engine 0']);
    queue.removeHead();
    queue.submit(Buffer.alloc(512, 3), 512, 30);
    expect(calls.splice(0)).toEqual(['submit 10 at 30']);
    second?.complete('stall', 5);
    expect(calls.splice(0)).toEqual(['2 8 stall 1 5', '2 9 cancelled 2 0', 'engine 1']);
  });

  it('sees the status that the engine sees', () => {
    const { calls, endpoint, queue } = observedQueue(1);
    queue.submit(Buffer.alloc(512, 4), 512, 0);
    queue.expire(0);
    endpoint.submissions[0]?.complete('cancelled', 3);
    expect(calls).toEqual(['submit 7 at 0', '2 7 timed-out 4 3', 'engine 4']);
  });

  it('sees when each transfer completed, also if it had to wait for one before it', () => {
    const completedAt: number[] = [];
    const endpoint = new ScriptedEndpoint();
    const observer = {
      onComplete: (one: ObservedCompletion) => completedAt.push(one.completedAt),
    };
    const queue = new TransferQueue(endpoint, 2, () => {}, observer);
    queue.submit(Buffer.alloc(512), 512, 0);
    queue.submit(Buffer.alloc(512), 512, 0);
    const clock = vi.spyOn(performance, 'now');
    clock.mockReturnValueOnce(10).mockReturnValueOnce(20);
    endpoint.submissions[1]?.complete('completed', 512);
    queue.observe();
    expect(completedAt).toEqual([]);
    endpoint.submissions[0]?.complete('completed', 512);
    queue.observe();
    expect(completedAt).toEqual([20, 10]);
    clock.mockRestore();
  });

  it('does not see a submission that was refused', () => {
    const { calls, endpoint, queue } = observedQueue(1);
    endpoint.refusals.push(new UsbError('io', 'refused'));
    expect(() => queue.submit(Buffer.alloc(512), 512, 0)).toThrow('refused');
    queue.submit(Buffer.alloc(512), 512, 5);
    expect(calls).toEqual(['submit 7 at 5']);
  });

  it('sees later completions after one at which it threw', () => {
    const seen: number[] = [];
    const endpoint = new ScriptedEndpoint();
    const queue = new TransferQueue(endpoint, 3, () => {}, {
      onComplete: ({ sequence }) => {
        seen.push(sequence);
        if (sequence === 0) {
          throw new Error('bug');
        }
      },
    });
    for (let i = 0; i < 3; i += 1) {
      queue.submit(Buffer.alloc(512), 512, 0);
    }
    for (const submission of [...endpoint.submissions].reverse()) {
      submission.complete('completed', 512);
    }
    expect(() => queue.observe()).toThrow('bug');
    removeAll(queue); // although it has not seen all of them
    queue.submit(Buffer.alloc(512), 512, 0);
    endpoint.submissions[0]?.complete('completed', 512);
    queue.observe();
    expect(seen).toEqual([0, 3]);
  });

  it('has room for an observer that does not say whether it has', () => {
    const queue = new TransferQueue(new ScriptedEndpoint(), 1, () => {}, {});
    expect(queue.canObserve(512)).toBe(true);
  });
});
