import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertCounter, assertRefused } from '../expect.js';
import { Session } from '../session.js';
import type { ContractCase } from '../stage.js';

const KIB = 1024;

/** Time to wait to see that nothing happens, in milliseconds. */
const A_WHILE = 50;

/** Early completions, by cancel and stall, which lose no byte. */
export const endingCases: readonly ContractCase[] = [
  {
    name: 'cancels a pending transfer once',
    async run(stage) {
      const staged = await stage.silentAfter(KIB);
      await Session.use(stage, staged, async (session) => {
        await session.submit(KIB).completion;
        const waiting = [session.submit(4 * KIB), session.submit(4 * KIB)];
        await sleep(A_WHILE);
        assert.deepEqual(
          waiting.map(({ status }) => status),
          [undefined, undefined],
        );
        session.cancelAll();
        session.cancelAll(); // again, before the completions
        await session.allCompleted();
        for (const { status, data } of waiting) {
          assert.deepEqual([status, data.length], ['cancelled', 0]);
        }
      });
    },
  },
  {
    name: 'cancels nothing that is not in flight',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, async (session) => {
        session.in.createTransfer(() => assert.fail('completed without a submission')).cancel();
        let again = true;
        const submission = session.submit(4 * KIB, (completed) => {
          session.cancel(completed); // it has just completed
          session.cancel(completed);
          return again;
        });
        await submission.completion;
        again = false;
        await session.allCompleted();
        session.cancel(submission);
        await sleep(A_WHILE);
        assert(session.submissions.length > 1);
        assert(session.submissions.every(({ status }) => status === 'completed'));
        assertCounter(session.bytes(), 0);
      });
    },
  },
  {
    name: 'keeps the bytes of a cancelled, partly filled transfer',
    async run(stage) {
      const total = 7 * KIB;
      const staged = await stage.silentAfter(total);
      await Session.use(stage, staged, async (session) => {
        // The delay of the bytes depends on the device: wait longer in each round.
        for (let wait = A_WHILE; session.bytes().length < total && wait < 5000; wait *= 2) {
          session.submit(4 * KIB);
          session.submit(4 * KIB);
          session.submit(4 * KIB);
          await sleep(wait);
          session.cancelAll();
          await session.allCompleted();
        }
        assert.equal(session.bytes().length, total);
        assertCounter(session.bytes(), 0);
        const halfFull = session.submissions.filter(
          ({ data, length }) => data.length > 0 && data.length < length,
        );
        assert(halfFull.length > 0 && halfFull.every(({ status }) => status === 'cancelled'));
      });
    },
  },
  ...(['newest', 'oldest'] as const).flatMap((order) =>
    [4 * KIB, 16 * KIB, 256 * KIB].map(
      (size): ContractCase => ({
        name: `loses no byte when a stream is cancelled ${order} first, ${size / KIB} KiB transfers`,
        async run(stage) {
          const staged = await stage.counters();
          let offset = 0;
          for (let opened = 0; opened < 2; opened++) {
            await Session.use(stage, staged, async (session) => {
              for (const from of ['a completion', 'outside', 'a completion', 'outside'] as const) {
                await streamAndCancel(session, size, order, from);
              }
              assertCounter(session.bytes(), offset);
              offset += session.bytes().length;
            });
          }
        },
      }),
    ),
  ),
  {
    name: 'completes all transfers in flight at a stall, and continues there after the halt is cleared',
    async run(stage) {
      const before = 16 * KIB;
      const staged = await stage.stallAfter(before);
      await Session.use(stage, staged, async (session) => {
        for (let i = 0; i < 8; i++) {
          session.submit(4 * KIB);
        }
        await session.allCompleted();
        const statuses = session.submissions.map(({ status }) => status);
        const firstStall = statuses.indexOf('stall');
        assert(firstStall >= 0, 'no stall');
        assert(statuses.slice(0, firstStall).every((status) => status === 'completed'));
        assert(
          statuses.slice(firstStall).every((status) => status === 'stall'),
          statuses.join(),
        );
        assert.equal(session.bytes().length, before);
        assert.equal((await session.submit(4 * KIB).completion).status, 'stall', 'still halted');
        await session.in.clearHalt();
        for (let i = 0; i < 4; i++) {
          session.submit(4 * KIB, ({ number }) => number < 32);
        }
        await session.allCompleted();
        assertCounter(session.bytes(), 0);
        assert(session.bytes().length >= before + 32 * KIB);
      });
    },
  },
  {
    name: 'refuses to release with a transfer in flight, which remains in flight',
    async run(stage) {
      const staged = await stage.silentAfter(KIB);
      await Session.use(stage, staged, async (session) => {
        await session.submit(KIB).completion;
        const waiting = session.submit(4 * KIB);
        await assertRefused(() => session.release(), 'invalid');
        await sleep(A_WHILE);
        assert.equal(waiting.status, undefined);
        session.cancelAll();
        await session.allCompleted();
        assert.equal(waiting.status, 'cancelled');
        await session.release();
      });
    },
  },
];

/** Streams for some completions, then cancels all transfers in flight at once. */
async function streamAndCancel(
  session: Session,
  size: number,
  order: 'newest' | 'oldest',
  from: 'a completion' | 'outside',
): Promise<void> {
  const depth = 8;
  const first = session.submissions.length;
  let streaming = true;
  let reached: () => void = () => {};
  const enough = new Promise<void>((resolve) => {
    reached = resolve;
  });
  for (let i = 0; i < depth; i++) {
    session.submit(size, () => {
      if (streaming && session.submissions.length - first >= 2 * depth) {
        if (from === 'a completion') {
          streaming = false;
          session.cancelAll(order);
        }
        reached();
      }
      return streaming;
    });
  }
  await enough;
  if (streaming) {
    streaming = false;
    session.cancelAll(order);
  }
  await session.allCompleted();
  for (const { status } of session.submissions.slice(first)) {
    assert(status === 'completed' || status === 'cancelled', status);
  }
}
