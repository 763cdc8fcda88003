import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertCounter, assertRefused } from '../expect.js';
import type { ContractCase } from '../fixture.js';
import { OpenDevice } from '../open-device.js';

const KIB = 1024;

/** Time to wait to see that nothing happens, in milliseconds. */
const A_WHILE = 50;

/** Early completions, by cancel and stall, which lose no byte. */
export const endingCases: readonly ContractCase[] = [
  {
    name: 'cancels a pending transfer once',
    async run(fixture) {
      const target = await fixture.silentAfter(KIB);
      await OpenDevice.use(fixture, target, async (opened) => {
        await opened.submit(KIB).completion;
        const waiting = [opened.submit(4 * KIB), opened.submit(4 * KIB)];
        await sleep(A_WHILE);
        assert.deepEqual(
          waiting.map(({ status }) => status),
          [undefined, undefined],
        );
        opened.cancelAll();
        opened.cancelAll(); // again, before the completions
        await opened.allCompleted();
        for (const { status, data } of waiting) {
          assert.deepEqual([status, data.length], ['cancelled', 0]);
        }
      });
    },
  },
  {
    name: 'cancels nothing that is not in flight',
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        opened.in.createTransfer(() => assert.fail('completed without a submission')).cancel();
        let again = true;
        const submission = opened.submit(4 * KIB, (completed) => {
          opened.cancel(completed); // it has just completed
          opened.cancel(completed);
          return again;
        });
        await submission.completion;
        again = false;
        await opened.allCompleted();
        opened.cancel(submission);
        await sleep(A_WHILE);
        assert(opened.submissions.length > 1);
        assert(opened.submissions.every(({ status }) => status === 'completed'));
        assertCounter(opened.bytes(), 0);
      });
    },
  },
  {
    name: 'keeps the bytes of a cancelled, partly filled transfer',
    needsKeptData: true,
    async run(fixture) {
      const total = 7 * KIB;
      const target = await fixture.silentAfter(total);
      await OpenDevice.use(fixture, target, async (opened) => {
        // The delay of the bytes depends on the device: wait longer in each round.
        for (let wait = A_WHILE; opened.bytes().length < total && wait < 5000; wait *= 2) {
          opened.submit(4 * KIB);
          opened.submit(4 * KIB);
          opened.submit(4 * KIB);
          await sleep(wait);
          opened.cancelAll();
          await opened.allCompleted();
        }
        assert.equal(opened.bytes().length, total);
        assertCounter(opened.bytes(), 0);
        const halfFull = opened.submissions.filter(
          ({ data, length }) => data.length > 0 && data.length < length,
        );
        assert(halfFull.length > 0 && halfFull.every(({ status }) => status === 'cancelled'));
      });
    },
  },
  {
    name: 'says whether a cancelled transfer keeps its bytes',
    async run(fixture) {
      const target = await fixture.silentAfter(3 * KIB);
      await OpenDevice.use(fixture, target, async (opened) => {
        assert.equal(opened.in.cancelKeepsData, target.info.cancelKeepsData);
        await opened.submit(KIB).completion;
        opened.submit(4 * KIB);
        await sleep(A_WHILE);
        opened.cancelAll();
        await opened.allCompleted();
        const [, cancelled] = opened.submissions;
        assert.equal(cancelled?.status, 'cancelled');
        // How much arrives in time depends on the device; that it is kept is another case.
        assert(opened.in.cancelKeepsData || cancelled.data.length === 0);
      });
    },
  },
  ...(['newest', 'oldest'] as const).flatMap((order) =>
    [4 * KIB, 16 * KIB, 256 * KIB].map(
      (size): ContractCase => ({
        name: `loses no byte when a stream is cancelled ${order} first, ${size / KIB} KiB transfers`,
        needsKeptData: true,
        async run(fixture) {
          const target = await fixture.counters();
          let offset = 0;
          for (let round = 0; round < 2; round++) {
            await OpenDevice.use(fixture, target, async (opened) => {
              for (const from of ['a completion', 'outside', 'a completion', 'outside'] as const) {
                await streamAndCancel(opened, size, order, from);
              }
              assertCounter(opened.bytes(), offset);
              offset += opened.bytes().length;
            });
          }
        },
      }),
    ),
  ),
  {
    name: 'completes all transfers in flight at a stall, and continues there after the halt is cleared',
    async run(fixture) {
      const before = 16 * KIB;
      const target = await fixture.stallAfter(before);
      await OpenDevice.use(fixture, target, async (opened) => {
        for (let i = 0; i < 8; i++) {
          opened.submit(4 * KIB);
        }
        await opened.allCompleted();
        const statuses = opened.submissions.map(({ status }) => status);
        const firstStall = statuses.indexOf('stall');
        assert(firstStall >= 0, 'no stall');
        assert(statuses.slice(0, firstStall).every((status) => status === 'completed'));
        assert(
          statuses.slice(firstStall).every((status) => status === 'stall'),
          statuses.join(),
        );
        assert.equal(opened.bytes().length, before);
        assert.equal((await opened.submit(4 * KIB).completion).status, 'stall', 'still halted');
        await opened.in.clearHalt();
        for (let i = 0; i < 4; i++) {
          opened.submit(4 * KIB, ({ number }) => number < 32);
        }
        await opened.allCompleted();
        assertCounter(opened.bytes(), 0);
        assert(opened.bytes().length >= before + 32 * KIB);
      });
    },
  },
  {
    name: 'refuses to release with a transfer in flight, which remains in flight',
    async run(fixture) {
      const target = await fixture.silentAfter(KIB);
      await OpenDevice.use(fixture, target, async (opened) => {
        await opened.submit(KIB).completion;
        const waiting = opened.submit(4 * KIB);
        await assertRefused(() => opened.release(), 'invalid');
        await sleep(A_WHILE);
        assert.equal(waiting.status, undefined);
        opened.cancelAll();
        await opened.allCompleted();
        assert.equal(waiting.status, 'cancelled');
        await opened.release();
      });
    },
  },
];

/** Streams for some completions, then cancels all transfers in flight at once. */
async function streamAndCancel(
  opened: OpenDevice,
  size: number,
  order: 'newest' | 'oldest',
  from: 'a completion' | 'outside',
): Promise<void> {
  const depth = 8;
  const first = opened.submissions.length;
  let streaming = true;
  let reached: () => void = () => {};
  const enough = new Promise<void>((resolve) => {
    reached = resolve;
  });
  for (let i = 0; i < depth; i++) {
    opened.submit(size, () => {
      if (streaming && opened.submissions.length - first >= 2 * depth) {
        if (from === 'a completion') {
          streaming = false;
          opened.cancelAll(order);
        }
        reached();
      }
      return streaming;
    });
  }
  await enough;
  if (streaming) {
    streaming = false;
    opened.cancelAll(order);
  }
  await opened.allCompleted();
  for (const { status } of opened.submissions.slice(first)) {
    assert(status === 'completed' || status === 'cancelled', status);
  }
}
